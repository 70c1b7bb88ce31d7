import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CommandInput, type ConsentRef, canonicalDigest, ledgerKey } from '@consilium/domain';
import { openDatabase } from '@consilium/sqlite';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ConsentKeyFile } from '../../gateway/src/consent/consentKey.js';
import { ConsentStore } from '../../gateway/src/consent/consentStore.js';
import type { ConsentOrder } from '../../gateway/src/consent/consentTypes.js';
import { ConsentHospital, DESK, OFFICER, OWN, STEWARD, silentLog } from '../support/consentHospital.js';
import { ContractChannel, protocolOf, STUDY } from '../support/contractChannel.js';

const RESEARCH = protocolOf({ purposes: ['DUO:0000006'], publicData: false, consent: {} });
const POLICY: CommandInput<'ConsentContract:publishPolicy'> = {
  title: 'Research with your data',
  textHash: canonicalDigest('the text'),
  permittedPurposes: ['DUO:0000042'],
  dataClasses: [],
  legalBasis: 'consent',
};
const grant = (patient: string): ConsentOrder => ({
  patient,
  kind: 'grant',
  reason: 'patient-asked',
  terms: [{ code: 'DUO:0000042', values: [] }],
});
const withdraw = (patient: string): ConsentOrder => ({ patient, kind: 'withdraw', reason: 'patient-asked' });

let home: string;
let hospital: ConsentHospital;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'consent-'));
  hospital = new ConsentHospital(new ContractChannel(), home);
});
afterEach(async () => {
  await hospital.close();
  rmSync(home, { recursive: true, force: true });
});

async function granted(patients: string[], policy: Partial<typeof POLICY> = {}): Promise<void> {
  await hospital.submit('ConsentContract:publishPolicy', { ...POLICY, ...policy }, 'compliance-officer');
  hospital.store.start();
  await hospital.store.record(patients.map(grant), STEWARD);
  await hospital.settled();
}
const allowed = (...patients: string[]) =>
  hospital.store.desk.allowedNow({ study: STUDY, protocol: RESEARCH, patients }).then((found) => [...found]);
/** The machine burnt down: all but the backups is gone. */
function loseDatabase(): void {
  hospital.crash();
  for (const name of readdirSync(home)) if (name.startsWith('consent.db')) rmSync(join(home, name));
}
const bytesOnDisk = () =>
  readdirSync(home)
    .map((name) => join(home, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path));

describe('the master key', () => {
  test('is the only one that opens the store; a store of another hospital does not open at all', async () => {
    await granted(['1']);
    await hospital.close();
    hospital.key = '22'.repeat(32);
    expect(() => hospital.open()).toThrow(/^CONSENT_STORE_LOCKED/);
    hospital.key = 'short';
    expect(() => hospital.open()).toThrow(/^CONSENT_STORE_LOCKED/);
    hospital.key = '11'.repeat(32);
    expect(hospital.open().refsOf('1')).toHaveLength(1);
  });

  test('can be replaced: the old one opens nothing of what is on the disk', async () => {
    await granted(['1', '2']);
    const database = openDatabase(join(home, 'consent.db'));
    const before = [
      ...(database.prepare('SELECT key FROM record').all() as { key: Uint8Array }[]).map(({ key }) => key),
      ...(database.prepare("SELECT value FROM property WHERE name LIKE '%Key'").all() as { value: Uint8Array }[]).map(
        ({ value }) => value,
      ),
    ];
    database.close();
    expect(before).toHaveLength(4);
    hospital.store.rotateKey(Buffer.alloc(32, 0x22));
    for (const wrapped of before)
      expect(bytesOnDisk().some((bytes) => bytes.includes(Buffer.from(wrapped)))).toBe(false);
    expect(await allowed('1', '2')).toEqual(['1', '2']);
    await hospital.store.record([grant('3')], STEWARD);
    await hospital.close();
    expect(() => hospital.open()).toThrow(/^CONSENT_STORE_LOCKED/);
    hospital.key = '22'.repeat(32);
    hospital.open().start();
    await hospital.settled();
    expect(await allowed('1', '2', '3')).toEqual(['1', '2', '3']);
  });

  test('in a file survives a crash before, within and after its replacement', async () => {
    await granted(['1']);
    await hospital.close();
    const file = join(home, 'key');
    const [old, next] = [Buffer.alloc(32, 0x11), Buffer.alloc(32, 0x22)];
    writeFileSync(file, old.toString('hex'));
    const open = () => {
      const parts = { home, owner: { msp: OWN, channel: 'consilium' }, ledger: hospital.mirror, log: silentLog };
      const idle = {
        sender: {} as never,
        clock: { now: () => 0, monotonic: () => 0 },
        timers: { after: () => () => {} },
      };
      return ConsentStore.open({ ...parts, ...idle, key: new ConsentKeyFile(file) });
    };
    // The new key was kept, and the database not rewrapped yet.
    new ConsentKeyFile(file).prepare(next);
    let store = open();
    expect(store.refsOf('1')).toHaveLength(1);
    expect(readdirSync(home)).not.toContain('key.next');
    // The database was rewrapped, and the file not replaced yet.
    store.rotateKey(next);
    store.close();
    writeFileSync(file, old.toString('hex'));
    writeFileSync(`${file}.next`, next.toString('hex'), { mode: 0o600 });
    store = open();
    expect(store.refsOf('1')).toHaveLength(1);
    store.close();
    expect(readFileSync(file, 'utf8')).toBe(next.toString('hex'));
    expect(readdirSync(home)).not.toContain('key.next');
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });
});

describe('a backup', () => {
  test('brings back what was lost: records, events, decisions, the log of reads, and what still waits', async () => {
    await granted(['1', '2']);
    await hospital.store.desk.select({ study: STUDY, protocol: RESEARCH, round: 0, patients: ['1', '2'] });
    hospital.store.logRead({ by: OFFICER, kind: 'history', query: 'all' });
    hospital.reachable = false;
    await hospital.store.record([withdraw('2')], DESK);
    const proof = hospital.store.cohortProof({ patient: '1' }, STUDY, 0);
    const { name } = hospital.store.backup();
    loseDatabase();
    hospital.reachable = true;
    expect(hospital.store.refsOf('1')).toEqual([]);
    expect(hospital.store.restore(name)).toEqual({
      records: 2,
      events: 3,
      alreadyHere: 0,
      erasedLeftOut: 0,
      decisions: 1,
      reads: 1,
    });
    expect(await allowed('1', '2')).toEqual(['1']);
    expect(hospital.store.cohortProof({ patient: '1' }, STUDY, 0)).toEqual(proof);
    expect(hospital.store.verifyReadLog().entries).toBe(1);
    hospital.store.start();
    await hospital.settled();
    const [ref] = hospital.store.refsOf('2') as [ConsentRef];
    expect(hospital.mirror.get(ledgerKey.consent(OWN, ref, 1))).toMatchObject({ kind: 'withdraw' });
  });

  test('of before a withdrawal, or of before an erasure, brings neither consent nor patient back', async () => {
    await granted(['1', '2', '3']);
    const { name } = hospital.store.backup();
    copyFileSync(join(home, 'consent.db'), join(home, 'older.db'));
    await hospital.store.record([withdraw('1')], DESK);
    hospital.store.erase({ who: { patient: '2' }, ground: 'gdpr-17-1-b', reason: '' }, OFFICER);
    await hospital.settled();
    // Into the store that knows better: nothing in it is replaced.
    expect(hospital.store.restore(name)).toMatchObject({ records: 0, events: 0, alreadyHere: 2, erasedLeftOut: 1 });
    expect(await allowed('1', '2', '3')).toEqual(['3']);
    // Into an empty one: the channel knows better.
    loseDatabase();
    expect(hospital.store.restore(name)).toMatchObject({ records: 2, erasedLeftOut: 1 });
    expect(hospital.store.refsOf('2')).toEqual([]);
    expect(await allowed('1', '2', '3')).toEqual(['3']);
    // A new consent follows the channel's last event.
    hospital.store.start();
    await hospital.store.record([grant('1')], STEWARD);
    await hospital.settled();
    expect(await allowed('1')).toEqual(['1']);
    // An older file put in place by hand.
    loseDatabase();
    copyFileSync(join(home, 'older.db'), join(home, 'consent.db'));
    hospital.store.start();
    await hospital.settled();
    expect(hospital.store.refsOf('2')).toEqual([]);
  });

  test('of a store whose events stay at home does not bring back who withdrew in a batch that it does not know', async () => {
    await granted(['1', '2'], { placement: 'roots' });
    const { name } = hospital.store.backup();
    await hospital.store.record([withdraw('1')], DESK);
    await hospital.settled();
    loseDatabase();
    hospital.store.restore(name);
    // Nobody can tell whose the lost withdrawal was.
    expect(await allowed('1', '2')).toEqual([]);
    hospital.store.start();
    await hospital.store.record([grant('2')], STEWARD);
    await hospital.settled();
    expect(await allowed('1', '2')).toEqual(['2']);
  });

  test('keeps what was recorded anew in the meantime in use', async () => {
    await granted(['1']);
    const [older] = hospital.store.refsOf('1');
    const { name } = hospital.store.backup();
    loseDatabase();
    hospital.store.start();
    hospital.channel.now += 1_000;
    await hospital.store.record([grant('1'), withdraw('1')], STEWARD);
    await hospital.settled();
    const [newer] = hospital.store.refsOf('1');
    hospital.store.restore(name);
    expect(hospital.store.refsOf('1')).toEqual([older, newer]);
    expect(await allowed('1')).toEqual([]);
  });

  test("of another key opens with that key alone, and then stands under today's", async () => {
    await granted(['1']);
    const { name } = hospital.store.backup();
    hospital.store.rotateKey(Buffer.alloc(32, 0x22));
    hospital.key = '22'.repeat(32);
    loseDatabase();
    expect(() => hospital.store.restore(name)).toThrow(/^CONSENT_STORE_BACKUP_INVALID/);
    hospital.store.restore(name, Buffer.alloc(32, 0x11));
    hospital.crash();
    expect(hospital.store.refsOf('1')).toHaveLength(1);
  });

  test('that is damaged, cut off, foreign or no backup is refused, and changes nothing', async () => {
    await granted(['1']);
    const { name } = hospital.store.backup();
    const path = join(home, 'consent-backups', name);
    const whole = readFileSync(path);
    expect(whole.includes('SQLite')).toBe(false);
    await hospital.store.record([grant('2')], STEWARD);
    const refused = (bytes: Uint8Array) => {
      writeFileSync(path, bytes);
      expect(() => hospital.store.restore(name)).toThrow(/^CONSENT_STORE_BACKUP_INVALID/);
    };
    for (const at of [0, 30, 80, 400, whole.length - 1]) {
      const changed = Buffer.from(whole);
      changed[at] = (changed[at] as number) ^ 1;
      refused(changed);
    }
    for (const length of [0, 10, 300, whole.length - 1]) refused(whole.subarray(0, length));
    refused(Buffer.concat([whole, Buffer.of(0)]));
    refused(Buffer.from(whole.toString('latin1').replace(OWN, 'ClevelandMSQ'), 'latin1'));
    for (const other of ['../consent.db', 'consent.db', `${name}/../${name}`, ''])
      expect(() => hospital.store.restore(other)).toThrow(/^CONSENT_STORE_BACKUP_INVALID/);
    expect(hospital.store.refsOf('2')).toHaveLength(1);
    expect(readdirSync(join(home, 'consent-backups'))).toEqual([name]);
    expect(hospital.store.backups().map((made) => made.name)).toEqual([name]);
  });
});
