import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type CommandInput,
  type ConsentRef,
  canonicalDigest,
  consentCommitment,
  ledgerKey,
  refusal,
} from '@consilium/domain';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ConsentOrder } from '../../gateway/src/consent/consentTypes.js';
import { ConsentHospital, DESK, OFFICER, OWN, STEWARD } from '../support/consentHospital.js';
import { ContractChannel, protocolOf, STUDY } from '../support/contractChannel.js';

const RESEARCH = protocolOf({ purposes: ['DUO:0000006'], publicData: false, consent: {} });
const POLICY: CommandInput<'ConsentContract:publishPolicy'> = {
  title: 'Research with your data',
  textHash: canonicalDigest('the text'),
  permittedPurposes: ['DUO:0000042'],
  dataClasses: [],
  legalBasis: 'consent',
};
const grant = (patient: string, changes: Partial<ConsentOrder> = {}): ConsentOrder => ({
  patient,
  kind: 'grant',
  reason: 'patient-asked',
  terms: [{ code: 'DUO:0000042', values: [] }],
  ...changes,
});
const withdraw = (patient: string): ConsentOrder => ({ patient, kind: 'withdraw', reason: 'patient-asked' });

let home: string;
let hospital: ConsentHospital;
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'consent-'));
  hospital = new ConsentHospital(new ContractChannel(), home);
});
afterEach(async () => {
  await hospital.close();
  rmSync(home, { recursive: true, force: true });
});

const publish = (changes: Partial<typeof POLICY> = {}) =>
  hospital.submit('ConsentContract:publishPolicy', { ...POLICY, ...changes }, 'compliance-officer');
const select = (patients: string[], round = 0, protocol = RESEARCH) =>
  hospital.store.desk.select({ study: STUDY, protocol, round, patients });
const onLedger = (ref: ConsentRef, seq: number) =>
  hospital.mirror.get(ledgerKey.consent(OWN, ref, seq)) as Record<string, unknown> | undefined;
async function granted(...patients: string[]): Promise<void> {
  await publish();
  hospital.store.start();
  await hospital.store.record(
    patients.map((patient) => grant(patient)),
    STEWARD,
  );
  await hospital.settled();
}

describe('recording', () => {
  test('brings a grant to the channel as a commitment that its salt opens, signed by who recorded it', async () => {
    await granted('P-4711');
    const [event] = hospital.store.history({ patient: 'P-4711' });
    const ref = event?.ref as ConsentRef;
    expect(event?.state).toBe('committed');
    const salt = hospital.store.opening(ref)?.salt;
    expect(onLedger(ref, 0)).toMatchObject({
      commitment: consentCommitment(salt as never, event?.content as never),
      codes: ['DUO:0000042'],
      recordedBy: { role: 'data-steward' },
    });
    expect(JSON.stringify(hospital.sent)).not.toContain('P-4711');
    expect(event?.ledger?.block).toBeGreaterThan(0);
  });

  test('a grant acts once it is committed, a withdrawal before the call returns', async () => {
    await publish();
    const [first] = (await hospital.store.record([grant('1'), grant('2')], STEWARD)).events;
    expect(first).toMatchObject({ state: 'waiting', effectiveHereAt: null });
    await expect(select(['1', '2'])).rejects.toThrow(/^CONSENT_COHORT_EMPTY/);
    hospital.store.start();
    await hospital.settled();
    expect([...(await select(['1', '2'])).patients]).toEqual(['1', '2']);
    hospital.reachable = false;
    let told = 0;
    hospital.store.desk.onRestriction(() => (told += 1));
    const asked = hospital.store.record([withdraw('1')], DESK);
    expect(told).toBe(1);
    expect(hospital.store.desk.isStillAllowed(STUDY, 0)).toBe(false);
    expect((await asked).events[0]?.effectiveHereAt).toBe(hospital.channel.now);
    expect([...(await select(['1', '2'])).patients]).toEqual(['2']);
    hospital.reachable = true;
  });

  test('refuses all orders where one is bad, and changes nothing', async () => {
    await granted('1');
    const before = hospital.store.queue();
    for (const bad of [
      withdraw('nobody'),
      { ...grant('2'), patient: '' },
      { ...grant('2'), terms: [{ code: 'GRU', values: [] }] },
      { ...grant('2'), policyVersion: 9 },
      { ...grant('2'), effectiveFrom: hospital.channel.now + 60_000 },
      { ...grant('2'), effectiveFrom: 0 },
      { ...grant('1'), kind: 'opt-in' as const, terms: [] },
    ])
      await expect(hospital.store.record([grant('3'), bad], STEWARD)).rejects.toThrow(/orders\.1/);
    expect(hospital.store.refsOf('3')).toEqual([]);
    expect(hospital.store.queue()).toEqual(before);
  });

  test('an import that is run twice records nothing twice', async () => {
    await publish();
    const orders = [
      grant('1', { effectiveFrom: 1_000, reason: 'imported-from-paper' }),
      { ...withdraw('1'), effectiveFrom: 2_000 },
      grant('1', { effectiveFrom: 3_000, reason: 'imported-from-paper' }),
    ];
    hospital.store.start();
    const first = await hospital.store.record(orders, STEWARD);
    await hospital.settled();
    const again = await hospital.store.record(orders, STEWARD);
    expect(again.events.map(({ seq }) => seq)).toEqual(first.events.map(({ seq }) => seq));
    expect(again.events.every(({ state }) => state === 'committed')).toBe(true);
    expect(hospital.store.history({ patient: '1' })).toHaveLength(3);
  });

  test('splits a large batch into transactions that the channel takes', async () => {
    await granted(...Array.from({ length: 1_203 }, (_, k) => `p${k}`));
    const sizes = hospital.sent.map(({ command }) => (command as { events: unknown[] }).events.length);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(1_203);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(500);
  });
});

describe('the queue', () => {
  test("lets a withdrawal pass queued grants, but not its own record's", async () => {
    await publish();
    await hospital.store.record([grant('1'), grant('2'), grant('3')], STEWARD);
    await hospital.store.record([withdraw('2')], STEWARD);
    hospital.store.start();
    await hospital.settled();
    const kinds = hospital.sent.map(({ command }) =>
      (command as { events: { kind: string }[] }).events.map(({ kind }) => kind),
    );
    expect(kinds[0]).toEqual(['grant', 'withdraw']);
    expect(kinds.flat().sort()).toEqual(['grant', 'grant', 'grant', 'withdraw']);
  });

  test('finds the one event that the channel refuses, and sends the others', async () => {
    await granted('1');
    const ref = hospital.store.refsOf('1')[0] as ConsentRef;
    hospital.store.start();
    await hospital.store.stop();
    // Someone recorded past the store: its own next event has another's number.
    const event = { ...hospital.store.history({ ref })[0]?.input, seq: 1, kind: 'change' } as never;
    const asked = hospital.store.record([grant('1', { kind: 'change' }), grant('2'), grant('3')], STEWARD);
    await hospital.submit('ConsentContract:recordConsents', { events: [event] }, 'data-steward');
    await asked;
    hospital.store.start();
    await hospital.settled();
    const own = hospital.store.history({ ref });
    expect(own.map(({ state }) => state)).toEqual(['committed', 'refused']);
    expect(own[1]?.refusedWith).toBe('CONSENT_EVENT_EXISTS');
    expect([...(await select(['1', '2', '3'])).patients]).toEqual(['2', '3']);
    // What is recorded next follows the channel's last event, and counts.
    await hospital.store.record([grant('1')], STEWARD);
    await hospital.settled();
    expect(hospital.store.history({ ref }).at(-1)).toMatchObject({ seq: 2, state: 'committed' });
    expect([...(await select(['1'])).patients]).toEqual(['1']);
  });

  test("waits for someone who may sign, and goes on in another's name", async () => {
    await publish();
    await hospital.store.record([grant('1')], { name: 'left', role: 'data-steward' });
    await hospital.store.record([grant('2')], STEWARD);
    hospital.store.start();
    for (let k = 0; k < 6_000 && hospital.store.queue().waiting > 1; k += 1) await new Promise((r) => setTimeout(r, 5));
    expect(hospital.store.queue()).toMatchObject({
      waiting: 1,
      parked: [{ person: 'left', code: 'CONSENT_PERSON_UNKNOWN', events: 1 }],
    });
    expect(hospital.store.takeOver('left', STEWARD)).toBe(1);
    await hospital.settled();
  });

  test('sends fewer at a time where the endorsers are too slow for many', async () => {
    await publish();
    hospital.refuses = (command) =>
      (command as { events: unknown[] }).events.length > 60
        ? refusal('CLOCK_SKEW', { claimed: 'then', own: 'now', skewMsMax: 5_000 })
        : undefined;
    await hospital.store.record(
      Array.from({ length: 150 }, (_, k) => grant(`p${k}`)),
      STEWARD,
    );
    hospital.store.start();
    await hospital.settled();
    expect(hospital.store.records({ items: 200 }).total).toBe(150);
    expect(hospital.sent.length).toBeGreaterThanOrEqual(3);
  });

  test('a withdrawal that the channel refuses bars the record all the same', async () => {
    await granted('1');
    const ref = hospital.store.refsOf('1')[0] as ConsentRef;
    await hospital.store.stop();
    const asked = hospital.store.record([withdraw('1')], DESK);
    const event = { ...hospital.store.history({ ref })[0]?.input, seq: 1, kind: 'change' } as never;
    await hospital.submit('ConsentContract:recordConsents', { events: [event] }, 'data-steward');
    await asked;
    hospital.store.start();
    await hospital.settled();
    expect(hospital.store.history({ ref }).at(-1)).toMatchObject({ kind: 'withdraw', state: 'refused' });
    await expect(select(['1'])).rejects.toThrow(/^CONSENT_COHORT_EMPTY/);
    // Until the patient grants anew, and the channel has it.
    await hospital.store.record([grant('1')], STEWARD);
    await hospital.settled();
    expect([...(await select(['1'])).patients]).toEqual(['1']);
  });
});

describe('events that stay at home', () => {
  test('go to the channel as the root of their batch, and each is proven against it', async () => {
    await publish({ placement: 'roots' });
    await hospital.store.record([grant('1'), grant('2'), grant('3')], DESK);
    hospital.store.start();
    await hospital.settled();
    expect(hospital.sent.map(({ name, person }) => [name, person])).toEqual([
      ['ConsentContract:recordConsentRoot', 'steward'],
    ]);
    const ref = hospital.store.refsOf('2')[0] as ConsentRef;
    expect(onLedger(ref, 0)).toBeUndefined();
    const { merkleRoot, consentLeaf, verifyMerkleProof } = await import('@consilium/domain');
    const proof = hospital.store.batchProof(ref, 0);
    const { root } = hospital.mirror.get(ledgerKey.consentRoot(OWN, 0)) as { root: never };
    expect(proof).toMatchObject({ batch: 0, root, count: 3, index: 1 });
    if (!proof) throw new Error('no proof');
    verifyMerkleProof(root, consentLeaf(proof.leaf), proof);
    expect(
      merkleRoot(hospital.store.batchLeaves(0).map((leaf) => (typeof leaf === 'string' ? leaf : consentLeaf(leaf)))),
    ).toBe(root);
    expect([...(await select(['1', '2', '3', '4'])).patients]).toEqual(['1', '2', '3']);
    await hospital.store.record([withdraw('2')], DESK);
    await hospital.settled();
    expect(hospital.mirror.get(ledgerKey.consentRoot(OWN, 1))).toMatchObject({ restricts: true, count: 1 });
  });
});

describe('what is on the disk', () => {
  test('shows no patient number, salt, term or note, in the database nor in the log beside it, nor in lines or errors', async () => {
    await granted('PATIENT-4711-SECRET');
    await hospital.store.record(
      [
        {
          ...grant('PATIENT-4711-SECRET', { kind: 'change' }),
          note: 'NOTE-SECRET',
          terms: [{ code: 'DUO:0000007', values: ['MONDO:SECRET'] }],
        },
      ],
      STEWARD,
    );
    await hospital.settled();
    await select(['PATIENT-4711-SECRET', 'PATIENT-4712-SECRET']).catch(() => undefined);
    hospital.store.logRead({
      by: OFFICER,
      kind: 'history',
      ref: hospital.store.refsOf('PATIENT-4711-SECRET')[0],
      query: 'QUERY-SECRET',
    });
    const { salt } = hospital.store.opening(hospital.store.refsOf('PATIENT-4711-SECRET')[0] as ConsentRef) ?? {};
    const files = readdirSync(home).map((name) => readFileSync(join(home, name)));
    expect(files.length).toBeGreaterThan(1);
    for (const bytes of files)
      for (const secret of ['SECRET', salt as string, Buffer.from(salt as string, 'hex'), 'MONDO', 'DUO:0000007'])
        expect(bytes.includes(secret)).toBe(false);
    expect(hospital.lines.join('\n')).not.toContain('SECRET');
    await expect(hospital.store.record([withdraw('PATIENT-4999-SECRET')], STEWARD)).rejects.toThrow(
      /^(?!.*SECRET).*CONSENT_PATIENT_UNKNOWN/,
    );
  });
});
