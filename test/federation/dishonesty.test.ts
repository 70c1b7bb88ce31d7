import { VerificationReport } from '@consilium/client';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { eventually } from './support/eventually.js';
import { about, Federation } from './support/federation.js';
import type { Hospital } from './support/hospital.js';
import { smallStudy } from './support/smallStudy.js';

jest.setTimeout(240_000);

const [LIE, SPOILED, WORSE] = ['lie', 'spoiled', 'worse'];
const SHORT_DEADLINES = { joinMs: 20_000, contributeMs: 60_000, finishMs: 3_600_000 };

/** Enough that some are left when the liar is back, however long the other studies took: each waits for it until `joinMs`. */
const LIE_ROUNDS = 10;

let federation: Federation;
let first: Hospital;
let liar: Hospital;

/** Version, status and parent of every version of a study. */
async function lineage(study: string): Promise<string[]> {
  const models = await first.researcher.all((page) => first.researcher.models(study, page));
  return models.map(({ version, status, parent }) => `${version} ${status} after ${parent?.version ?? 'nothing'}`);
}

async function verify(hospital: Hospital, study: string, round: number): Promise<VerificationReport> {
  const researcher = hospital.researcher;
  return researcher.jobResult(VerificationReport, await researcher.verifyRound(study, round));
}

// Three studies run side by side on one network, where the fourth hospital's gateway is another program.
beforeAll(async () => {
  federation = await Federation.start(['Alder', 'Birch', 'Cedar', 'Dogwood']);
  first = federation.hospital(0);
  liar = federation.hospital(3);
  await federation.tamper(liar, { lies: { [LIE]: [2] }, spoils: { [SPOILED]: [2] } });
  const protocol = (title: string, changes = {}) => smallStudy(federation.msps, { title, ...changes });
  const server = { kind: 'fedavg', learningRate: 100 };
  await Promise.all([
    federation.begin(LIE, protocol(LIE, { trainingRounds: LIE_ROUNDS, deadlines: SHORT_DEADLINES })),
    federation.begin(SPOILED, protocol(SPOILED, { mode: 'private', trainingRounds: 4 })),
    federation.begin(WORSE, protocol(WORSE, { mode: 'private', trainingRounds: 6, aggregation: { server } })),
  ]);
});

afterAll(async () => federation?.stop());

describe('a hospital that attests another version than comes out', () => {
  test('is shown as a dispute to everybody, and to its own people as what holds it', async () => {
    const round = await first.untilRound(
      LIE,
      2,
      ({ attestations, disputes }) => attestations === 3 && disputes.length > 0,
    );
    expect(round.stage).toBe('agreed');
    expect(round.disputes).toMatchObject([{ members: [liar.msp], outcome: { kind: 'version' } }]);
    const { failures } = await liar.untilFailing(LIE, 'VERSION_DISPUTED');
    expect(failures).toMatchObject([{ code: 'VERSION_DISPUTED', round: 2 }]);
    expect((await first.study(LIE)).failures).toEqual([]);
  });

  test('is not let on by a program that still comes to something else', async () => {
    const report = await verify(liar, LIE, 2);
    expect(report).toMatchObject({ ok: false, disputeLifted: false });
    expect(report.checks.filter(({ ok }) => !ok).map(({ name }) => name)).toEqual(['version']);
    const elsewhere = await verify(first, LIE, 2);
    expect(elsewhere).toMatchObject({ ok: true, disputeLifted: false });
  });
});

describe('a model worsened under masks', () => {
  test('by one hospital: it is rejected a round later, and the next round starts from its parent', async () => {
    await first.untilStage(SPOILED, 'ended');
    expect(await lineage(SPOILED)).toEqual([
      '0 accepted after nothing',
      '1 accepted after 0',
      '2 rejected after 1',
      '3 void after 2',
      '4 accepted after 1',
      '5 accepted after 4',
      '6 accepted after 5',
    ]);
    const { result } = await first.researcher.model(SPOILED, 3);
    expect(result.validation!.loss).toBeGreaterThan(result.validation!.parentLoss);
    expect((await first.round(SPOILED, 4)).opened.candidateParent).toBeNull();
  });

  test('by too large a step, three times in a row: the study pauses until its members vote', async () => {
    const { progress } = await first.untilStage(WORSE, 'paused');
    expect(progress).toMatchObject({ rejectionsInRow: 3, abortsInRow: 0, lastAccepted: { version: 1 } });
    expect(await lineage(WORSE)).toEqual([
      '0 accepted after nothing',
      '1 accepted after 0',
      '2 rejected after 1',
      '3 void after 2',
      '4 rejected after 1',
      '5 void after 4',
      '6 rejected after 1',
      '7 void after 6',
    ]);
    await federation.vote(about('resume', 8), WORSE);
    expect((await first.untilStage(WORSE, 'ended')).progress).toMatchObject({ ended: 'evaluated', rejectionsInRow: 0 });
    expect((await lineage(WORSE)).slice(8)).toEqual(['8 accepted after 1']);
  });
});

describe('the majority', () => {
  test('goes on without the hospital that holds still', async () => {
    const others = federation.msps.slice(0, 3);
    const round = await first.untilRound(LIE, 3, ({ stage }) => stage === 'agreed');
    expect(round.closes).toMatchObject([{ phase: 'joining', found: others, abort: null }]);
    expect(round).toMatchObject({ roster: others, survivors: others, attestations: 3 });
    expect(Object.keys(round.attested)).not.toContain(liar.msp);
  });

  test('has it back once its program is honest and its operator had the round verified', async () => {
    await federation.makeHonest(liar);
    expect((await liar.untilFailing(LIE, 'VERSION_DISPUTED')).failures).toHaveLength(1);
    const report = await verify(liar, LIE, 2);
    expect(report).toMatchObject({ ok: true, disputeLifted: true });
    const { round, survivors } = await eventually('a round with it', async () =>
      (await first.rounds(LIE)).find(
        (later) => later.round > 3 && later.stage === 'agreed' && later.survivors?.includes(liar.msp),
      ),
    );
    expect(survivors).toEqual(federation.msps);
    expect((await liar.study(LIE)).failures).toEqual([]);
    await first.untilStage(LIE, 'ended');
    const [own, others] = await Promise.all([liar, first].map(({ researcher }) => researcher.modelFile(LIE, round)));
    expect(Buffer.compare(own!, others!)).toBe(0);
  });
});
