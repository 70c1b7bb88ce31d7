/** What ended: by an event, or by a consent's own terms; each with its times. */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CommandInput, type ConsentRef, canonicalDigest, refusal } from '@consilium/domain';
import { openDatabase } from '@consilium/sqlite';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ConsentOrder } from '../../gateway/src/consent/consentTypes.js';
import { ConsentHospital, DESK, STEWARD } from '../support/consentHospital.js';
import { ContractChannel } from '../support/contractChannel.js';

const DAY_MS = 86_400_000;
const TIME_LIMIT = 'DUO:0000025';
const POLICY: CommandInput<'ConsentContract:publishPolicy'> = {
  title: 'Research with your data',
  textHash: canonicalDigest('the text'),
  permittedPurposes: ['DUO:0000042'],
  dataClasses: [],
  legalBasis: 'consent',
};

let home: string;
let hospital: ConsentHospital;
let began: number;
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'consent-'));
  hospital = new ConsentHospital(new ContractChannel(), home);
  began = hospital.channel.now;
});
afterEach(async () => {
  await hospital.close();
  rmSync(home, { recursive: true, force: true });
});

const publish = async (changes: Partial<typeof POLICY> = {}) => {
  await hospital.submit('ConsentContract:publishPolicy', { ...POLICY, ...changes }, 'compliance-officer');
  hospital.store.start();
};
const grant = (patient: string, days: number | null, changes: Partial<ConsentOrder> = {}): ConsentOrder => ({
  patient,
  kind: 'grant',
  reason: 'patient-asked',
  terms: [{ code: 'DUO:0000042', values: [] }],
  validTo: days === null ? null : ((began + days * DAY_MS) as never),
  ...changes,
});
const record = async (...orders: ConsentOrder[]) => {
  await hospital.store.record(orders, STEWARD);
  await hospital.settled();
};
const on = (days: number) => {
  hospital.channel.now = began + days * DAY_MS;
};
type Asked = Parameters<typeof hospital.store.withdrawals>[0];
/** Patient, how it ended, and on which day. */
function ends(asked: Partial<Asked> = {}): string[] {
  const { items, total } = hospital.store.withdrawals({ items: 100, ...asked });
  if (asked.items === undefined) expect(items).toHaveLength(total);
  return items.map(({ ref, ended, effectiveHereAt }) => {
    const day = Math.floor((effectiveHereAt - began) / DAY_MS);
    return `${hospital.store.patientOf(ref)} ${ended} ${day}`;
  });
}

describe('a consent that ends by its own terms', () => {
  test('is listed once it has ended, by its validity or its months, among what was withdrawn, in the order of effect', async () => {
    await publish();
    const months = [
      { code: 'DUO:0000042', values: [] },
      { code: TIME_LIMIT, values: ['1'] },
    ];
    await record(grant('1', 20), grant('2', null), grant('3', null, { terms: months }), grant('4', 400));
    expect(ends()).toEqual([]);
    on(10);
    await record({ patient: '2', kind: 'withdraw', reason: 'patient-asked' });
    on(19);
    expect(ends()).toEqual(['2 by-event 10']);
    on(60);
    const all = ['2 by-event 10', '1 by-its-terms 20', expect.stringMatching(/^3 by-its-terms (2[7-9]|3[01])$/)];
    expect(ends()).toEqual(all);
    expect(ends({ ended: 'by-its-terms' })).toEqual(all.slice(1));
    expect(ends({ ended: 'by-event' })).toEqual(all.slice(0, 1));
    expect(ends({ from: began + 15 * DAY_MS, to: began + 21 * DAY_MS })).toEqual(all.slice(1, 2));
    // The event that says so stood on the channel long before.
    const [, own] = hospital.store.withdrawals({ items: 10 }).items;
    expect(own).toMatchObject({ kind: 'grant', seq: 0, state: 'committed' });
    expect(own?.ledger?.recordedAt).toBeLessThan(own?.effectiveHereAt as number);
  });

  test('and was renewed, changed or withdrawn by then, did not', async () => {
    await publish();
    await record(grant('1', 20), grant('2', 20), grant('3', 20), grant('4', 20));
    on(5);
    await record(
      grant('1', 300, { kind: 'change' }),
      { patient: '2', kind: 'withdraw', reason: 'patient-asked' },
      // It narrows now, and ends sooner.
      grant('3', 15, { kind: 'change' }),
    );
    on(100);
    // Given again after it had ended.
    await record(grant('4', 200));
    expect(ends()).toEqual(['2 by-event 5', '3 by-event 5', '3 by-its-terms 15', '4 by-its-terms 20']);
    on(201);
    expect(ends({ ended: 'by-its-terms' })).toEqual(['3 by-its-terms 15', '4 by-its-terms 20', '4 by-its-terms 200']);
  });

  test('counts by clinical dates where a history is imported', async () => {
    await publish();
    const paper = (days: number, more: Partial<ConsentOrder>): ConsentOrder => ({
      ...grant('1', null),
      reason: 'imported-from-paper',
      effectiveFrom: (began + days * DAY_MS) as never,
      ...more,
    });
    on(1_000);
    await record(
      paper(10, { validTo: (began + 900 * DAY_MS) as never }),
      { patient: '1', kind: 'withdraw', reason: 'imported-from-paper', effectiveFrom: (began + 20 * DAY_MS) as never },
      paper(30, { validTo: (began + 40 * DAY_MS) as never }),
    );
    expect(ends({ ended: 'by-its-terms' })).toEqual(['1 by-its-terms 40']);
  });

  test('ends all the same where what followed it is refused by the channel', async () => {
    await publish();
    await record(grant('1', 20));
    on(5);
    hospital.refuses = () => refusal('CONSENT_KIND_MISPLACED', { kind: 'change', before: '', wanted: '' });
    await record(grant('1', 300, { kind: 'change' }));
    hospital.refuses = () => undefined;
    on(30);
    expect(ends()).toEqual(['1 by-its-terms 20']);
  });

  test('is listed by pages, which leave nothing out and tell nothing twice', async () => {
    await publish();
    // Two of each at one instant.
    await record(...['1', '2', '3', '4', '5'].map((patient) => grant(patient, 20)));
    on(20);
    await record(...['6', '7'].map((patient) => grant(patient, null)));
    hospital.channel.now = began + 20 * DAY_MS;
    await hospital.store.record(
      ['6', '7'].map((patient) => ({ patient, kind: 'withdraw', reason: 'patient-asked' }) as const),
      DESK,
    );
    await hospital.settled();
    on(50);
    const whole = ends();
    expect(whole).toHaveLength(7);
    for (const items of [1, 2, 3]) {
      const seen: string[] = [];
      let cursor: string | null | undefined;
      do {
        seen.push(...ends({ items, cursor: cursor ?? undefined }));
        cursor = hospital.store.withdrawals({ items, cursor: cursor ?? undefined }).cursor;
      } while (cursor);
      expect(seen).toEqual(whole);
    }
    for (const cursor of ['1', "1.1.1' OR 1=1", '1.1.2', ''])
      expect(() => hospital.store.withdrawals({ items: 1, cursor })).toThrow(/^PAGE_CURSOR_INVALID/);
  });

  test('is in no list once the record is erased', async () => {
    await publish();
    await record(grant('1', 20), grant('2', 20));
    on(30);
    hospital.store.erase(
      { who: { patient: '1' }, ground: 'gdpr-17-1-b', reason: 'asked' },
      { name: 'officer', role: 'compliance-officer' },
    );
    await hospital.settled();
    expect(ends({ ended: 'by-its-terms' })).toEqual(['2 by-its-terms 20']);
  });
});

describe('ends', () => {
  test('are looked up in a store that was made before they were kept, and in a backup', async () => {
    await publish();
    await record(grant('1', 20), grant('2', 20));
    on(5);
    await record(grant('2', 300, { kind: 'change' }));
    const { name } = hospital.store.backup();
    await hospital.close();
    const file = join(home, 'consent.db');
    const older = openDatabase(file);
    older.exec(`DROP INDEX event_ends; DROP INDEX event_restricts_at; DROP INDEX event_refused; ALTER TABLE event DROP COLUMN ends_at;
      DELETE FROM property WHERE name = 'endsKnown'; PRAGMA user_version = 1`);
    older.close();
    copyFileSync(file, join(home, 'kept.db'));
    on(30);
    expect(ends()).toEqual(['1 by-its-terms 20']);
    await hospital.close();
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${file}${suffix}`, { force: true });
    expect(ends()).toEqual([]);
    await hospital.store.restore(name);
    expect(ends()).toEqual(['1 by-its-terms 20']);
  });

  test('of events that stay at home stand on the ledger with their batch', async () => {
    await publish({ placement: 'roots' });
    await record(grant('1', 20));
    on(5);
    await record({ patient: '1', kind: 'withdraw', reason: 'patient-asked' });
    const [ref] = hospital.store.refsOf('1') as [ConsentRef];
    const [event] = hospital.store.withdrawals({ items: 10 }).items;
    expect(event).toMatchObject({ ref, seq: 1, state: 'committed' });
    expect(event?.ledger).toMatchObject({ recordedAt: expect.any(Number), block: expect.any(Number) });
  });
});
