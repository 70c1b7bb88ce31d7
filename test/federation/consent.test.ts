import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type StudyId, WithdrawalReport } from '@consilium/domain';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { ConsentPeople, PURPOSE } from './support/consentPeople.js';
import { eventually } from './support/eventually.js';
import { Federation } from './support/federation.js';
import type { Hospital } from './support/hospital.js';
import { PeerClient } from './support/peerClient.js';
import { type ProtocolChanges, SLOW_TRAINING, smallStudy } from './support/smallStudy.js';

jest.setTimeout(240_000);

/** The shortest that a protocol may set: whoever sits out is waited for so long. */
const DEADLINES = { joinMs: 20_000, contributeMs: 20_000, finishMs: 3_600_000 };
const [CONSENTED, GENOMES, TRAINING, AWAY, TAMPERED] = ['consented', 'genomes', 'in-training', 'away', 'tampered'];
const ROWS = 120;
/** How long a consent is valid that is to have ended. */
const VALID_MS = 10_000;
/** Patients of each hospital who were never asked. */
const SILENT = 20;

let federation: Federation;
let first: Hospital;
let others: string[];
let people: ConsentPeople[];

/** The `k`-th patient of the first hospital. */
const patient = (k: number) => `${first.name}-${k}`;
const study = (changes: ProtocolChanges = {}) =>
  smallStudy(federation.msps, {
    publicData: false,
    purposes: [PURPOSE],
    consent: { onWithdrawal: 'flag' },
    deadlines: DEADLINES,
    ...changes,
  });

beforeAll(async () => {
  federation = await Federation.start(['Alder', 'Birch', 'Cedar'], { rows: ROWS });
  first = federation.hospital(0);
  others = federation.msps.slice(1);
  people = federation.hospitals.map((hospital) => new ConsentPeople(hospital));
  await Promise.all(
    people.map(async (desk, place) => {
      await desk.publishPolicy();
      const { name } = federation.hospital(place);
      await desk.grant(Array.from({ length: ROWS - SILENT }, (_, k) => `${name}-${k}`));
    }),
  );
});

afterAll(async () => federation?.stop());

// The tests build on each other: patients withdraw one after the other.
describe('a study that asks for consent', () => {
  test('is joined with a cohort of those who consent, anew in each round, and goes on to its end', async () => {
    await federation.begin(CONSENTED, study());
    await first.untilStage(CONSENTED, 'ended');
    const rounds = (await first.rounds(CONSENTED)).slice(1);
    for (const { survivors, joins } of rounds) {
      expect(survivors).toEqual(federation.msps);
      expect(Object.keys(joins).sort()).toEqual(federation.msps);
      for (const { cohort } of Object.values(joins))
        expect(cohort).toMatchObject({ restrictionEpoch: 0, policyVersion: 1, purposes: [PURPOSE] });
    }
    const roots = rounds.map(({ joins }) => joins[first.msp]?.cohort?.root);
    expect(new Set(roots).size).toBe(rounds.length);
    const { withoutConsent, used } = await first.as('data-steward').dataReport(CONSENTED);
    expect(withoutConsent).toBe(SILENT);
    expect(used.train + used.validation + used.test).toBe(ROWS - SILENT);
  });

  test('is not joined where it wants a kind of data that the policy does not cover, and people are told why', async () => {
    await federation.begin(GENOMES, study({ consent: { dataClasses: ['genome'] } }));
    const { failures } = await first.untilFailing(GENOMES, 'CONSENT_POLICY_EXCLUDES');
    expect(failures[0]?.detail).toContain('genome');
    expect((await first.round(GENOMES, 1)).joins).toEqual({});
    await federation.vote('end', GENOMES);
  });
});

describe('a patient who withdraws while the hospital trains', () => {
  let ref: string;

  test('has training ended at once, and the round sat out', async () => {
    const trains = first.untilAgent(
      TRAINING,
      ({ step, event, round }) => step === 'makeVector' && event === 'step-started' && round === 2,
    );
    const satOut = first.untilAgent(
      TRAINING,
      ({ step, event, round }) => step === 'sitOut' && event === 'step-finished' && round === 2,
    );
    await federation.begin(TRAINING, study({ trainingRounds: 4, training: SLOW_TRAINING }));
    await trains;
    const before = Date.now();
    const withdrawn = await people[0]!.withdraw(patient(0));
    ref = withdrawn.ref;
    expect(withdrawn.effectiveHereAt).toBeGreaterThanOrEqual(before - 1_000);
    await satOut;
    const { failures } = await first.untilFailing(TRAINING, 'CONSENT_WITHDRAWN');
    expect(failures).toContainEqual(expect.objectContaining({ code: 'CONSENT_WITHDRAWN', round: 2, step: 'sitOut' }));
    const round = await first.untilRound(TRAINING, 2, ({ survivors }) => survivors !== null);
    expect(round).toMatchObject({ roster: federation.msps, survivors: others });
    expect(first.log()).not.toContain(patient(0));
  });

  test('is in no cohort after that: the next round is joined with the others, under the next epoch', async () => {
    const round = await first.untilRound(TRAINING, 3, ({ survivors }) => survivors !== null);
    expect(round.survivors).toEqual(federation.msps);
    expect(round.joins[first.msp]?.cohort?.restrictionEpoch).toBe(1);
    await first.untilStage(TRAINING, 'ended');
    const used = await people[0]!.roundsOf(ref, TRAINING);
    expect(Math.max(...used)).toBe(2);
    expect(used).toContain(1);
    const { withoutConsent } = await first.as('data-steward').dataReport(TRAINING);
    expect(withoutConsent).toBe(SILENT + 1);
  });

  test('is told to everybody by the rounds that were touched, not by name', async () => {
    const reports = await eventually('the report', async () => {
      const found = await reportsOf(TRAINING);
      return found.length > 0 && found;
    });
    // Of round 2 nothing was contributed: its version is not touched.
    expect(reports).toMatchObject([{ fromRound: 1, toRound: 1 }]);
    expect(JSON.stringify(reports)).not.toContain(patient(0));
  });
});

describe('a patient who withdraws while the channel is away', () => {
  test('is not used any more from that moment on, and the channel hears of it later', async () => {
    await federation.begin(AWAY, study({ trainingRounds: 200 }));
    await first.untilRound(AWAY, 3, ({ stage }) => stage === 'agreed');
    await federation.network.kill('channel', 'embedded', { stayDown: true });
    const { ref, effectiveHereAt, ledger } = await people[0]!.withdraw(patient(1));
    expect({ ledger, here: effectiveHereAt !== null }).toEqual({ ledger: null, here: true });
    const { withoutConsent } = await first.as('data-steward').dataReport(AWAY);
    expect(withoutConsent).toBe(SILENT + 2);
    const before = (await first.rounds(AWAY)).length;
    await federation.network.startPart('channel', 'embedded');
    const committed = await eventually('the withdrawal on the ledger', async () => {
      const last = (await people[0]!.history(ref)).at(-1);
      return last?.state === 'committed' && last;
    });
    expect(committed.effectiveHereAt).toBe(effectiveHereAt);
    // The next that is opened; the one that stands open may have been joined before.
    const next = (await first.rounds(AWAY)).length;
    const round = await first.untilRound(AWAY, next, ({ survivors }) => survivors !== null);
    expect(round.joins[first.msp]?.cohort?.restrictionEpoch).toBe(2);
    const used = await people[0]!.roundsOf(ref, AWAY);
    expect(Math.max(...used)).toBeLessThan(before);
    await federation.vote('end', AWAY);
    await first.untilStage(AWAY, 'ended');
  });
});

describe('a tampered agent', () => {
  test('that joins with a patient who withdrew and with one whose consent has ended is found by the audit of its cohort', async () => {
    const liar = federation.hospital(1);
    const [gone, ended] = [0, 1].map((k) => `${liar.name}-${ROWS - SILENT + k}`) as [string, string];
    const desk = people[1] as ConsentPeople;
    await desk.grant([gone]);
    const until = Date.now() + VALID_MS;
    const [endedRef] = await desk.grant([ended], until);
    const withdrawn = await desk.withdraw(gone);
    await eventually('the withdrawal on the ledger', async () => {
      return (await desk.history(withdrawn.ref)).at(-1)?.state === 'committed';
    });
    await pause(Math.max(0, until - Date.now()));
    await federation.tamper(liar, { takesIn: [gone, ended] });
    await federation.begin(TAMPERED, study());
    const round = await first.untilRound(TAMPERED, 1, ({ survivors }) => survivors !== null);
    // Nobody can see it from outside: the contract sees a root.
    expect(round.survivors).toEqual(federation.msps);
    await first.untilStage(TAMPERED, 'ended');

    const found = await audited(liar);
    expect(found.holds).toBe(false);
    const text = JSON.stringify(found.failures);
    expect(text).toContain(withdrawn.ref);
    expect(text).toContain(endedRef);
    expect(found.failures).toHaveLength(2);
    expect(await audited(first)).toMatchObject({ holds: true, failures: [] });
  });
});

/** What `consilium-verify` says of a hospital's cohort of round 1, which its own compliance officer opens to an auditor. */
async function audited(hospital: Hospital): Promise<{ holds: boolean; failures: unknown[] }> {
  const file = join(hospital.folder, 'cohort.evidence');
  writeFileSync(file, await hospital.as('compliance-officer').cohortAudit(TAMPERED, 1));
  const verifier = join(import.meta.dirname, '../../chaincode/verifier/bin/consilium-verify.mjs');
  const { stdout } = spawnSync(process.execPath, [verifier, file, '--json'], { encoding: 'utf8' });
  return JSON.parse(stdout);
}

/** What the first hospital reported of withdrawals, as another one's auditor reads it. */
async function reportsOf(name: string): Promise<WithdrawalReport[]> {
  const peer = new PeerClient(federation.hospital(1), 'auditor');
  try {
    const { items } = await peer.ask('ConsentContract:cohortUse', { study: name as StudyId });
    const reports = items.filter(({ key }) => key.startsWith(`withdrawal~${name}~${first.msp}~`));
    return reports.map(({ value }) => WithdrawalReport.parse(value));
  } finally {
    peer.close();
  }
}
