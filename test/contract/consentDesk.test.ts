import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type CommandInput,
  type ConsentRef,
  canonicalDigest,
  cohortPosition,
  type Digest,
  ledgerKey,
  verifyCohortProof,
} from '@consilium/domain';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { decisionListHash } from '../../gateway/src/consent/cohortDecisions.js';
import type { ConsentOrder } from '../../gateway/src/consent/consentTypes.js';
import { ConsentHospital, DESK, OWN, STEWARD } from '../support/consentHospital.js';
import { ContractChannel, HOSPITALS, protocolOf, STUDY } from '../support/contractChannel.js';

const RESEARCH = protocolOf({ purposes: ['DUO:0000006'], publicData: false, consent: {} });
const PERMITTED = protocolOf({
  purposes: ['DUO:0000006'],
  publicData: false,
  consent: { legalBasis: 'ehds-permit' } as never,
});
const POLICY: CommandInput<'ConsentContract:publishPolicy'> = {
  title: 'Research with your data',
  textHash: canonicalDigest('the text'),
  permittedPurposes: ['DUO:0000042', 'DUO:0000006'],
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
const ended = (patient: string, kind: ConsentOrder['kind'] = 'withdraw'): ConsentOrder => ({
  patient,
  kind,
  reason: 'patient-asked',
});

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

const publish = (changes: Partial<typeof POLICY> = {}) =>
  hospital.submit('ConsentContract:publishPolicy', { ...POLICY, ...changes }, 'compliance-officer');
const select = (patients: string[], round = 0, protocol = RESEARCH) =>
  hospital.store.desk.select({ study: STUDY, protocol, round, patients });
const isStillAllowed = (round = 0) => hospital.store.desk.isStillAllowed(STUDY, round);
async function granted(...orders: ConsentOrder[]): Promise<void> {
  await publish();
  hospital.store.start();
  await hospital.store.record(orders, STEWARD);
  await hospital.settled();
}
/** As the join of a round stands on the channel. */
async function joined(round: number, root: Digest): Promise<void> {
  hospital.mirror.pretend(ledgerKey.join(STUDY, round, OWN), {
    study: STUDY,
    round,
    msp: OWN,
    cohort: { root, sizeBucket: 'few', restrictionEpoch: 0, policyVersion: 1, purposes: [] },
    at: hospital.channel.now,
  });
}

describe('a selection', () => {
  test('takes whom the matcher allows, and says what of the others', async () => {
    await granted(
      grant('yes'),
      grant('other purpose', { terms: [{ code: 'DUO:0000007', values: ['MONDO:1'] }] }),
      grant('over', { validTo: hospital.channel.now - 1, effectiveFrom: 1_000, reason: 'imported-from-paper' }),
      grant('not yet', { validFrom: hospital.channel.now + 3_600_000 }),
      grant('gone'),
    );
    await hospital.store.record([ended('gone')], DESK);
    const { patients, commitment } = await select(['yes', 'other purpose', 'over', 'not yet', 'gone', 'nobody']);
    expect([...patients]).toEqual(['yes']);
    expect(commitment).toMatchObject({ policyVersion: 1, purposes: ['DUO:0000006'], restrictionEpoch: 0 });
    const [head] = hospital.store.decisions({ items: 10 }).items;
    expect(head).toMatchObject({ allowed: 1, denied: 4, abstained: 0, withoutRecord: 1 });
    const list = hospital.store.decisionList(head?.id as number);
    expect(list.groups.flatMap(({ reasons }) => reasons.map(({ code }) => code)).sort()).toEqual(
      ['disease-not-allowed', 'expired', 'not-yet-valid', 'purpose-allowed', 'withdrawn']
        .map((code) => (code === 'disease-not-allowed' ? 'purpose-not-allowed' : code))
        .sort(),
    );
    expect(list.listHash).toBe(decisionListHash({ ...list, policyVersion: 1 }));
    expect(hospital.store.decisionOf({ patient: 'gone' }, STUDY, 0)?.answer).toBe('deny');
    expect(hospital.store.decisionOf({ patient: 'nobody' }, STUDY, 0)).toBeUndefined();
  });

  test('of the same patients has the same root in a round and another one in the next, and is kept once', async () => {
    await granted(grant('1'), grant('2'));
    const first = await select(['1', '2']);
    expect(await select(['2', '1'])).toEqual(first);
    expect(hospital.store.decisions({ items: 10 }).total).toBe(1);
    const next = await select(['1', '2'], 1);
    expect(next.commitment.root).not.toBe(first.commitment.root);
    expect(next.patientsDigest).toBe(first.patientsDigest);
  });

  test('is refused without a policy, for a purpose that it excludes, and with nobody who allows', async () => {
    await expect(select(['1'])).rejects.toThrow(/^CONSENT_POLICY_UNKNOWN/);
    await granted(grant('1'));
    await publish({ permittedPurposes: ['DUO:0000006'] });
    await expect(select(['1'], 0, protocolOf({ ...RESEARCH, purposes: ['DUO:0000011'] }))).rejects.toThrow(
      /^CONSENT_POLICY_EXCLUDES/,
    );
    await expect(select(['2'])).rejects.toThrow(/^CONSENT_COHORT_EMPTY/);
  });

  test('stands after a restart until one of its patients may not be used any more', async () => {
    await granted(grant('1'), grant('2'));
    const selected = await select(['1', '2']);
    hospital.crash();
    expect(hospital.store.desk.selection(STUDY, 0)).toEqual(selected);
    expect(isStillAllowed()).toBe(true);
    hospital.crash();
    await hospital.store.record([ended('2')], DESK);
    hospital.crash();
    expect(isStillAllowed()).toBe(false);
  });

  test('stands when others withdraw, and ends when one of its own does, narrows, or is erased', async () => {
    await granted(grant('1'), grant('2'), grant('3'), grant('4'));
    await select(['1', '2']);
    await hospital.store.record([ended('3')], DESK);
    expect(isStillAllowed()).toBe(true);
    await hospital.store.record(
      [
        grant('1', {
          kind: 'change',
          terms: [
            { code: 'DUO:0000042', values: [] },
            { code: 'DUO:0000021', values: [] },
          ],
        }),
      ],
      DESK,
    );
    expect(isStillAllowed()).toBe(false);
    await select(['2', '4'], 1);
    hospital.store.erase(
      { who: { patient: '4' }, ground: 'gdpr-17-1-b', reason: '' },
      { name: 'officer', role: undefined },
    );
    expect(isStillAllowed(1)).toBe(false);
  });

  test('ends with the first validity that ends, by its date or by months', async () => {
    const { now } = hospital.channel;
    await granted(
      grant('1', { validTo: now + 90 * 86_400_000 }),
      grant('2', {
        terms: [
          { code: 'DUO:0000042', values: [] },
          { code: 'DUO:0000025', values: ['1'] },
        ],
      }),
    );
    await select(['1', '2']);
    const until = hospital.store.desk.allowedUntil(STUDY, 0) as number;
    expect(until).toBeGreaterThan(now + 27 * 86_400_000);
    expect(until).toBeLessThan(now + 32 * 86_400_000);
    hospital.channel.now = until - 1;
    expect(isStillAllowed()).toBe(true);
    hospital.channel.now = until;
    expect(isStillAllowed()).toBe(false);
    expect([...(await select(['1', '2'], 1)).patients]).toEqual(['1']);
  });

  test('ends with a stricter policy, and with what the channel knows and the store does not', async () => {
    await granted(grant('1'), grant('2'));
    const ref = hospital.store.refsOf('1')[0] as ConsentRef;
    await select(['1', '2']);
    const own = hospital.store.history({ ref })[0];
    const event = { ...own?.input, seq: 1, kind: 'withdraw', codes: [] } as never;
    await hospital.submit('ConsentContract:withdrawConsents', { events: [event] }, 'patient-desk');
    expect(isStillAllowed()).toBe(false);
    expect([...(await select(['1', '2'], 1)).patients]).toEqual(['2']);
    expect(isStillAllowed(1)).toBe(true);
    await publish({ permittedPurposes: ['DUO:0000042'] });
    expect(isStillAllowed(1)).toBe(false);
  });

  test('is made anew where a withdrawal comes while it is made', async () => {
    const many = Array.from({ length: 2_500 }, (_, k) => `p${k}`);
    await granted(...many.map((patient) => grant(patient)));
    const selecting = select(many);
    void hospital.store.record([ended('p0')], DESK);
    const { patients } = await selecting;
    expect(patients.has('p0')).toBe(false);
    expect(patients.size).toBe(2_499);
    expect(isStillAllowed()).toBe(true);
  });
});

describe('a proof', () => {
  test("of presence and of absence leads to the root that was joined with, and to the patient's own commitments", async () => {
    await granted(grant('1'), grant('2'), grant('3', { terms: [{ code: 'DUO:0000007', values: ['MONDO:1'] }] }));
    const { commitment } = await select(['1', '2', '3']);
    await joined(0, commitment.root);
    for (const [patient, presence] of [
      ['1', 'present'],
      ['3', 'absent'],
    ] as const) {
      const proven = hospital.store.cohortProof({ patient }, STUDY, 0);
      expect(proven).toMatchObject({ presence, joined: true, commitment: { root: commitment.root } });
      expect(verifyCohortProof(commitment.root, proven.position, proven.proof)).toBe(presence);
      expect(proven.position).toBe(cohortPosition(proven.salt, proven.ref, STUDY, 0));
      expect(proven.events[0]?.input.commitment).toBe(
        (hospital.mirror.get(ledgerKey.consent(OWN, proven.ref, 0)) as { commitment: Digest }).commitment,
      );
    }
    expect(() => hospital.store.cohortProof({ patient: '1' }, STUDY, 9)).toThrow(/^CONSENT_COHORT_UNKNOWN/);
    expect(() => hospital.store.cohortProof({ patient: 'nobody' }, STUDY, 0)).toThrow(/^CONSENT_PATIENT_UNKNOWN/);
  });

  test('speaks of the cohort that was joined with, not of a later selection', async () => {
    await granted(grant('1'), grant('2'));
    const first = await select(['1']);
    await select(['1', '2']);
    await joined(0, first.commitment.root);
    expect(hospital.store.desk.selection(STUDY, 0)?.commitment.root).toBe(first.commitment.root);
    expect(hospital.store.cohortProof({ patient: '2' }, STUDY, 0).presence).toBe('absent');
  });

  test('opens a cohort to an auditor: every leaf by salt, ref and events', async () => {
    await granted(grant('1'), grant('2'));
    await select(['1', '2']);
    const opening = hospital.store.cohortOpening(STUDY, 0);
    const leaves = opening.members.map(({ salt, ref }) => cohortPosition(salt, ref, STUDY, 0)).sort();
    expect(leaves).toEqual(opening.positions);
    expect(opening.members.every(({ patient, events }) => patient === null && events.length === 1)).toBe(true);
    expect(
      hospital.store
        .cohortOpening(STUDY, 0, { withPatients: true })
        .members.map(({ patient }) => patient)
        .sort(),
    ).toEqual(['1', '2']);
  });
});

describe('where silence permits', () => {
  const permit = () =>
    hospital.submit(
      'ConsentContract:recordPermit',
      { study: STUDY, permitId: 'P1', approvedAt: hospital.channel.now - 1_000 },
      'compliance-officer',
    );
  beforeEach(async () => {
    await hospital.channel.registerHospitals();
    await hospital.channel.submit(
      'StudyContract:proposeStudy',
      { study: STUDY, protocol: PERMITTED },
      HOSPITALS[0] as never,
    );
    await publish({ legalBasis: 'ehds-permit', silence: 'permit' });
    hospital.store.start();
  });

  test('a study waits for its permit; then patients of whom nothing is on file are in, and no event binds them', async () => {
    await expect(select(['1'], 0, PERMITTED)).rejects.toThrow(/^PERMIT_REQUIRED/);
    await permit();
    expect([...(await select(['1', '2'], 0, PERMITTED)).patients]).toEqual(['1', '2']);
    const proven = hospital.store.cohortProof({ patient: '1' }, STUDY, 0);
    expect([proven.presence, proven.events]).toEqual(['present', []]);
  });

  test('an opt-out before the permit leaves the patient out, one after it does not, and is on file', async () => {
    await hospital.store.record([ended('early', 'opt-out')], DESK);
    await hospital.settled();
    hospital.channel.now += 60_000;
    await permit();
    hospital.channel.now += 60_000;
    await hospital.store.record([ended('late', 'opt-out')], DESK);
    await hospital.settled();
    expect([...(await select(['early', 'late', 'silent'], 0, PERMITTED)).patients]).toEqual(['late', 'silent']);
    await hospital.store.record([{ ...ended('early', 'opt-in'), reason: 'patient-asked' }], DESK);
    await hospital.settled();
    expect((await select(['early'], 1, PERMITTED)).patients.size).toBe(1);
  });
});

describe('what a withdrawal cannot undo', () => {
  test('is told until a report covers it: rounds that were joined, and versions that came of them', async () => {
    await granted(grant('1'), grant('2'));
    for (const round of [2, 3, 4]) await joined(round, (await select(['1', '2'], round)).commitment.root);
    await select(['1', '2'], 5);
    hospital.mirror.pretend(ledgerKey.model(STUDY, 3), { version: 3 });
    const { desk } = hospital.store;
    expect(desk.unreportedWithdrawals(STUDY)).toBeUndefined();
    await hospital.store.record([ended('2')], DESK);
    expect(desk.unreportedWithdrawals(STUDY)).toEqual({ fromRound: 2, toRound: 4 });
    expect(hospital.store.touchedBy({ patient: '2' })).toEqual([{ study: STUDY, rounds: [2, 3, 4], versions: [3] }]);
    expect(hospital.store.usesOf({ patient: '2' }).map(({ round, joined: was }) => [round, was])).toEqual([
      [2, true],
      [3, true],
      [4, true],
      [5, false],
    ]);
    const report = { study: STUDY, msp: OWN, report: 0, fromRound: 2, toRound: 4, at: hospital.channel.now + 1 };
    hospital.mirror.pretend(ledgerKey.withdrawal(STUDY, OWN, 0), report);
    expect(desk.unreportedWithdrawals(STUDY)).toBeUndefined();
    hospital.channel.now += 10;
    await hospital.store.record([ended('1')], DESK);
    expect(desk.unreportedWithdrawals(STUDY)).toEqual({ fromRound: 2, toRound: 4 });
    expect(hospital.store.withdrawals({ items: 10 }).items.map(({ kind }) => kind)).toEqual(['withdraw', 'withdraw']);
  });
});
