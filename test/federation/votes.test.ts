import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { about, Federation } from './support/federation.js';
import type { Hospital } from './support/hospital.js';
import { PeerClient, textOfRefusal } from './support/peerClient.js';
import { ENDLESS_TRAINING, SLOW_TRAINING, smallStudy } from './support/smallStudy.js';

jest.setTimeout(240_000);

const [SMALL, ABORTED, ENDED] = ['small', 'aborted', 'ended'];

let federation: Federation;
let first: Hospital;
let second: Hospital;

beforeAll(async () => {
  federation = await Federation.start(['Alder', 'Birch']);
  [first, second] = federation.hospitals as [Hospital, Hospital];
});

afterAll(async () => federation?.stop());

/** What the channel says to a researcher who asks for a round, past any gateway. */
async function refusalOfOpening(study: string, round: number, attestedBy: string[] = []): Promise<string> {
  const peer = new PeerClient(first, 'researcher');
  try {
    await peer.submit('RoundContract:openRound', { study: study as never, round, attestedBy: attestedBy as never });
    return 'it was opened';
  } catch (error) {
    return textOfRefusal(error);
  } finally {
    peer.close();
  }
}

describe('two hospitals', () => {
  test('are enough for a study', async () => {
    await federation.begin(SMALL, smallStudy(federation.msps));
    const { progress } = await first.untilStage(SMALL, 'ended');
    expect(progress).toMatchObject({ ended: 'evaluated', trainingRecorded: 2 });
    for (const { survivors, attestations } of (await second.rounds(SMALL)).slice(1))
      expect({ survivors, attestations }).toEqual({ survivors: federation.msps, attestations: 2 });
    expect(await federation.invalidTransactions()).toBe(0);
  });
});

describe('five aborts in a row', () => {
  const aborted = [2, 3, 4, 5, 6];

  test('by carried votes: the study is paused, and says so', async () => {
    const protocol = smallStudy(federation.msps, { training: SLOW_TRAINING });
    await federation.begin(ABORTED, protocol, []);
    await Promise.all(aborted.map((round) => federation.vote(about('abort', round), ABORTED)));
    await federation.approve(ABORTED);
    const { progress } = await first.untilStage(ABORTED, 'paused');
    expect(progress).toMatchObject({ abortsInRow: 5, trainingRecorded: 0, lastAccepted: { version: 1 } });
    const rounds = await second.rounds(ABORTED);
    expect(rounds.slice(2).map(({ round, stage, abort }) => ({ round, stage, reason: abort?.reason }))).toEqual(
      aborted.map((round) => ({ round, stage: 'aborted', reason: 'VOTED' })),
    );
  });

  test('nobody can open a round then, and one vote of two changes nothing', async () => {
    expect(await refusalOfOpening(ABORTED, 7)).toMatch(/STUDY_PAUSED: .* resume~0000000007/);
    await federation.vote(about('resume', 7), ABORTED, [first]);
    await pause(1_000);
    expect(await first.study(ABORTED)).toMatchObject({ stage: 'paused', rounds: 7 });
  });

  test('a majority has it go on from where it was', async () => {
    await federation.vote(about('resume', 7), ABORTED, [second]);
    const { progress } = await first.untilStage(ABORTED, 'ended');
    expect(progress).toMatchObject({ ended: 'evaluated', trainingRecorded: 2, abortsInRow: 0 });
    expect((await first.round(ABORTED, 7)).base).toMatchObject({ version: 1 });
  });
});

describe('a vote to end', () => {
  test('ends the study in the middle of a round, for good', async () => {
    await federation.begin(ENDED, smallStudy(federation.msps, { training: ENDLESS_TRAINING }));
    await first.untilRound(ENDED, 2, ({ joins }) => Object.keys(joins).length === 2);
    await federation.vote('end', ENDED);
    await first.untilStage(ENDED, 'ended');
    const round = await first.untilRound(ENDED, 2, ({ stage }) => stage === 'aborted');
    expect(round.abort?.reason).toBe('VOTED');
    expect(await refusalOfOpening(ENDED, 3)).toMatch(/STUDY_ENDED: .*by vote/);
    await pause(1_000);
    const models = await second.researcher.models(ENDED);
    expect((await second.study(ENDED)).rounds).toBe(3);
    expect(models.items.map(({ version, status }) => `${version} ${status}`)).toEqual(['0 accepted', '1 accepted']);
    expect((await first.study(ENDED)).failures).toEqual([]);
  });
});
