import { createHash, createHmac } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type CommandInput,
  type ConsentRef,
  canonicalDigest,
  cohortPosition,
  consentSubject,
  ledgerKey,
  verifyCohortProof,
} from '@consilium/domain';
import { openDatabase } from '@consilium/sqlite';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ConsentOrder } from '../../gateway/src/consent/consentTypes.js';
import { receiptHash } from '../../gateway/src/consent/erasures.js';
import { ConsentHospital, OFFICER, OWN, STEWARD } from '../support/consentHospital.js';
import { ContractChannel, protocolOf, STUDY } from '../support/contractChannel.js';

const RESEARCH = protocolOf({ purposes: ['DUO:0000006'], publicData: false, consent: {} });
const DAY_MS = 86_400_000;
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
  note: `a note on ${patient}`,
});
const erase = (who: { patient: string } | { ref: ConsentRef }, reason = 'the patient asked') =>
  hospital.store.erase({ who, ground: 'gdpr-17-1-b', reason }, OFFICER);

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
const hold = (ref: ConsentRef, stands: boolean) =>
  hospital.submit(
    'ConsentContract:holdRecord',
    { ref, stands, ground: 'gdpr-17-3-e', until: null, reason: 'a claim' },
    'compliance-officer',
  );
const bytesOnDisk = () =>
  readdirSync(home)
    .map((name) => join(home, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path));

describe('an erasure', () => {
  test('is refused with the article while a hold stands or a retention runs, and done when they are over', async () => {
    await granted(['1'], { retentionDays: 30 });
    const ref = hospital.store.refsOf('1')[0] as ConsentRef;
    expect(() => erase({ patient: '1' })).toThrow(/^CONSENT_ERASURE_ON_HOLD.*GDPR article 17\(3\)\(b\).*30 days/);
    hospital.channel.now += 31 * DAY_MS;
    await hold(ref, true);
    expect(() => hospital.store.requireErasable({ patient: '1' })).toThrow(/^CONSENT_ERASURE_ON_HOLD.*17\(3\)\(e\)/);
    expect(() => erase({ patient: '1' })).toThrow(/^CONSENT_ERASURE_ON_HOLD/);
    expect(hospital.store.erasure(ref)).toBeUndefined();
    await hold(ref, false);
    expect(() => hospital.store.erase({ who: { ref }, ground: 'gdpr-17-3-b', reason: '' }, OFFICER)).toThrow(
      /^INPUT_INVALID/,
    );
    expect(erase({ patient: '1' })).toMatchObject({ state: 'asked', askedBy: 'officer' });
    await hospital.settled();
    expect(hospital.store.erasure(ref)?.state).toBe('done');
  });

  test('acts at once, leaves a tombstone with the hash of its receipt, and forgets the patient', async () => {
    await granted(['1', '2'], { privateCopy: true });
    const ref = hospital.store.refsOf('1')[0] as ConsentRef;
    const collection = `_implicit_org_${OWN}`;
    expect(hospital.channel.ledger.readPrivate(collection, ledgerKey.opening(ref))).toBeDefined();
    await hospital.store.desk.select({ study: STUDY, protocol: RESEARCH, round: 0, patients: ['1', '2'] });
    hospital.reachable = false;
    const receipt = erase({ patient: '1' });
    expect(hospital.store.desk.isStillAllowed(STUDY, 0)).toBe(false);
    const selected = await hospital.store.desk.select({
      study: STUDY,
      protocol: RESEARCH,
      round: 1,
      patients: ['1', '2'],
    });
    expect([...selected.patients]).toEqual(['2']);
    hospital.reachable = true;
    hospital.crash();
    hospital.store.start();
    await hospital.settled();
    const done = hospital.store.erasure(ref);
    expect(done).toMatchObject({ state: 'done', receiptHash: receipt.receiptHash });
    expect(receiptHash(done as never)).toBe(receipt.receiptHash);
    expect(hospital.mirror.get(ledgerKey.tombstone(OWN, ref))).toMatchObject({ receiptHash: receipt.receiptHash });
    expect(hospital.channel.ledger.readPrivate(collection, ledgerKey.opening(ref))).toBeUndefined();
    expect(hospital.store.refsOf('1')).toEqual([]);
    expect(hospital.store.patientOf(ref)).toBeUndefined();
    expect(hospital.store.opening(ref)).toBeUndefined();
    expect(() => hospital.store.history({ ref })).toThrow(/^CONSENT_RECORD_UNKNOWN/);
    // A new consent begins a new record.
    await hospital.store.record([grant('1')], STEWARD);
    await hospital.settled();
    expect(hospital.store.refsOf('1')).not.toContain(ref);
  });

  test('leaves nothing of key, salt, link or contents in the file nor in the log beside it', async () => {
    await granted(['1', '2', '3']);
    const ref = hospital.store.refsOf('2')[0] as ConsentRef;
    const database = openDatabase(join(home, 'consent.db'));
    const row = database.prepare('SELECT key, link, tag FROM record WHERE ref = ?').get(ref) as Record<
      string,
      Uint8Array
    >;
    const event = database.prepare('SELECT content, extra FROM event WHERE ref = ?').get(ref) as Record<
      string,
      Uint8Array
    >;
    database.close();
    const secrets = [...Object.values(row), ...Object.values(event)];
    expect(secrets).toHaveLength(5);
    for (const secret of secrets) expect(bytesOnDisk().some((bytes) => bytes.includes(Buffer.from(secret)))).toBe(true);
    erase({ patient: '2' });
    await hospital.settled();
    for (const secret of secrets)
      expect(bytesOnDisk().some((bytes) => bytes.includes(Buffer.from(secret)))).toBe(false);
  });

  test('is finished after a crash at any step', async () => {
    await granted(['1', '2']);
    const ref = hospital.store.refsOf('1')[0] as ConsentRef;
    erase({ patient: '1' });
    for (let steps = 0; hospital.store.erasure(ref)?.state !== 'done'; steps += 1) {
      // Each life of the process gets one turn more than the one before.
      for (let turn = 0; turn < steps; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      hospital.crash();
      hospital.store.start();
      expect(steps).toBeLessThan(200);
    }
    expect(hospital.store.refsOf('1')).toEqual([]);
    expect(hospital.store.refsOf('2')).toHaveLength(1);
  });

  test('leaves the proofs of others valid, and its own leaf where it was', async () => {
    await granted(['1', '2', '3']);
    const { commitment } = await hospital.store.desk.select({
      study: STUDY,
      protocol: RESEARCH,
      round: 0,
      patients: ['1', '2', '3'],
    });
    const before = hospital.store.cohortProof({ patient: '3' }, STUDY, 0);
    const ref = hospital.store.refsOf('1')[0] as ConsentRef;
    erase({ patient: '1' });
    await hospital.settled();
    hospital.crash();
    const after = hospital.store.cohortProof({ patient: '3' }, STUDY, 0);
    expect(after).toEqual(before);
    expect(verifyCohortProof(commitment.root, after.position, after.proof)).toBe('present');
    const opening = hospital.store.cohortOpening(STUDY, 0);
    expect([opening.positions.length, opening.members.length]).toEqual([3, 2]);
    expect(opening.erased).toEqual([ref]);
  });

  test('of a record that the channel has a tombstone of is made up for, whoever sent it', async () => {
    await granted(['1']);
    const ref = hospital.store.refsOf('1')[0] as ConsentRef;
    await hospital.submit(
      'ConsentContract:eraseRecord',
      { ref, ground: 'gdpr-17-1-b', receiptHash: canonicalDigest('elsewhere') },
      'compliance-officer',
    );
    await hospital.settled();
    expect(hospital.store.refsOf('1')).toEqual([]);
    expect(hospital.store.erasure(ref)?.state).toBe('done');
  });
});

describe('whoever knows everything else', () => {
  test("cannot tie the channel's digests to a patient number by trying all numbers", async () => {
    // So few numbers that every one can be tried, as it is with real patient numbers.
    const numbers = Array.from({ length: 200 }, (_, k) => String(k));
    await granted(['7', '8']);
    const [erased, kept] = ['7', '8'].map((patient) => hospital.store.refsOf(patient)[0] as ConsentRef) as [
      ConsentRef,
      ConsentRef,
    ];
    await hospital.store.desk.select({ study: STUDY, protocol: RESEARCH, round: 0, patients: ['7', '8'] });
    const content = hospital.store.history({ ref: erased })[0]?.content;
    const digests = hospital.store.cohortOpening(STUDY, 0).positions as readonly string[];
    const commitments = [erased, kept].map(
      (ref) => (hospital.mirror.get(ledgerKey.consent(OWN, ref, 0)) as { commitment: string }).commitment,
    );
    erase({ patient: '7' });
    await hospital.settled();
    await hospital.close();

    // The attacker has ledger, database, its master key, the erased content but for its subject, and every salt that is left.
    const store = hospital.open();
    const salts = [store.opening(kept)?.salt as string, '00'.repeat(32), erased + erased, hospital.key];
    const database = openDatabase(join(home, 'consent.db'));
    const everything = database.prepare('SELECT key, link, tag FROM record').all() as Record<string, Uint8Array>[];
    database.close();
    const known = new Set([
      ...digests,
      ...commitments,
      ...everything.flatMap((row) => Object.values(row)).map((bytes) => Buffer.from(bytes).toString('hex')),
    ]);
    const hits = (ref: ConsentRef, patient: string) =>
      numbers.filter((number) =>
        salts.some((salt) => {
          const subject = consentSubject(salt as never, number);
          const opened = { ...content, ref, subject, seq: 0 };
          const guesses = [
            cohortPosition(salt as never, ref, STUDY, 0),
            canonicalCommitment(salt, opened),
            createHash('sha256').update(number).digest('hex'),
            createHmac('sha256', Buffer.from(hospital.key, 'hex')).update(number).digest('hex'),
          ];
          // A position says nothing of a number: it counts only with a commitment that the same number opens.
          return guesses.slice(1).some((guess) => known.has(guess)) && patient !== '';
        }),
      );
    expect(hits(erased, '7')).toEqual([]);
    // The same attack finds the patient who was not erased: it is no blunt knife.
    expect(hits(kept, '8')).toEqual(['8']);
  });
});

function canonicalCommitment(salt: string, content: unknown): string {
  const inner = Buffer.from(canonicalDigest(content), 'hex');
  return createHash('sha256').update(Buffer.of(4)).update(Buffer.from(salt, 'hex')).update(inner).digest('hex');
}
