import { describe, expect, test } from '@jest/globals';
import type { RoundResult } from './evaluation.js';
import { ABORTS_MAX, REJECTIONS_MAX } from './limits.js';
import type { VersionRef } from './model.js';
import type { Outcome, Progress, Round } from './round.js';
import { deriveRound, type RoundState } from './roundPhases.js';
import type { StudyProtocol } from './study.js';
import {
  FIRST_PROGRESS,
  isNoWorse,
  isPaused,
  nextBase,
  nextKind,
  resumed,
  type Settlement,
  settleRound,
} from './studyProgress.js';
import { exampleProtocol, type ProtocolInput } from './testing/exampleProtocol.js';
import { digestOf, exampleFacts, exampleRound, MSPS, noVersion } from './testing/exampleRound.js';

const ref = (version: number): VersionRef => ({ version, digest: digestOf(`v${version}`) });
const validation = (loss: number, parentLoss: number, patients = 0): RoundResult => ({
  weight: 1,
  validation: { patients, loss, parentLoss, metrics: null },
});
const BETTER = validation(90, 100);
const WORSE = validation(110, 100);

function outcome(version: number, result: RoundResult): Outcome {
  return { kind: 'version', digest: ref(version).digest, sumDigest: digestOf('sum'), result };
}

function agreed(round: Round, made: Outcome, protocol: StudyProtocol): RoundState {
  const attested = MSPS.map((msp) => [msp, made] as const);
  return deriveRound(protocol, exampleFacts({ round, joined: MSPS, contributed: MSPS, attested }));
}

/** Plays a study round by round as `openRound` would. */
class Play {
  readonly protocol: StudyProtocol;
  progress: Progress = FIRST_PROGRESS;
  number = 0;

  constructor(changes: Partial<ProtocolInput> = {}) {
    this.protocol = exampleProtocol(changes);
  }

  open(finish = false): Round {
    const kind = nextKind(this.protocol, this.progress, this.number, finish);
    if (!kind) throw new Error('the study has ended');
    return exampleRound({ round: this.number, kind, ...nextBase(this.progress), progress: this.progress });
  }

  record(result: RoundResult = {}, vetoed = false, finish = false): Settlement {
    const round = this.open(finish);
    const made =
      round.kind === 'evaluation' && round.base
        ? { ...outcome(0, result), digest: round.base.digest }
        : outcome(this.number, result);
    return this.settle(round, agreed(round, made, this.protocol), vetoed);
  }

  abort(): Settlement {
    const round = this.open();
    return this.settle(round, { stage: 'aborted', abort: { phase: 'contributing', reason: 'TOO_FEW_CONTRIBUTIONS' } });
  }

  settle(round: Round, state: RoundState, vetoed = false): Settlement {
    const settlement = settleRound(this.protocol, round, state, vetoed);
    this.progress = settlement.progress;
    this.number += 1;
    return settlement;
  }
}

/** A study with first weights, statistics and one candidate: version 2, trained on version 1. */
function withCandidate(changes: Partial<ProtocolInput> = {}): Play {
  const play = new Play(changes);
  play.record();
  play.record();
  play.record();
  return play;
}

describe('settling a round', () => {
  test('accepts first weights and statistics at once', () => {
    const play = new Play();
    expect(play.record()).toMatchObject({
      recorded: { version: 0, kind: 'initial', parent: null, status: 'accepted', survivors: [] },
    });
    expect(play.record()).toMatchObject({
      recorded: { version: 1, kind: 'statistics', parent: ref(0), status: 'accepted', survivors: MSPS },
    });
    expect(play.progress).toMatchObject({
      initialRecorded: true,
      statisticsRecorded: true,
      trainingRecorded: 0,
      lastAccepted: ref(1),
      candidate: null,
    });
  });

  test('makes a trained version a candidate, which the next round judges', () => {
    const play = withCandidate();
    expect(play.progress).toMatchObject({
      candidate: { ...ref(2), parent: ref(1) },
      lastAccepted: ref(1),
      trainingRecorded: 1,
    });
    expect(play.open()).toMatchObject({ kind: 'training', base: ref(2), candidateParent: ref(1) });
    const settled = play.record(BETTER);
    expect(settled.judged).toEqual({ version: ref(2), status: 'accepted' });
    expect(settled.recorded).toMatchObject({ version: 3, parent: ref(2), status: 'candidate' });
    expect(play.progress).toMatchObject({ lastAccepted: ref(2), candidate: { ...ref(3), parent: ref(2) } });
  });

  test('rejects what got worse: what was trained on it is void, and the next round starts from its parent', () => {
    const play = withCandidate();
    const settled = play.record(WORSE);
    expect(settled.judged).toEqual({ version: ref(2), status: 'rejected' });
    expect(settled.recorded).toMatchObject({ version: 3, status: 'void' });
    expect(play.progress).toMatchObject({
      lastAccepted: ref(1),
      candidate: null,
      rejectionsInRow: 1,
      trainingRecorded: 2,
    });
    expect(play.open()).toMatchObject({ base: ref(1), candidateParent: null });
  });

  test('counts a void round as training, and not as a rejection of its own', () => {
    const play = withCandidate();
    play.record(WORSE);
    play.record();
    expect(play.progress).toMatchObject({
      trainingRecorded: 3,
      rejectionsInRow: 1,
      candidate: { ...ref(4), parent: ref(1) },
    });
  });

  test('rejects by veto what is no worse', () => {
    const play = withCandidate();
    expect(play.record(BETTER, true)).toMatchObject({ judged: { status: 'rejected' }, recorded: { status: 'void' } });
  });

  test('does not apply a veto where nothing is judged', () => {
    const play = new Play();
    expect(play.record({}, true).judged).toBeUndefined();
    expect(play.progress.lastAccepted).toEqual(ref(0));
  });

  test('keeps the candidate over an abort, to be judged by the next round', () => {
    const play = withCandidate();
    expect(play.abort()).toEqual({
      progress: expect.objectContaining({ abortsInRow: 1, candidate: { ...ref(2), parent: ref(1) } }),
    });
    expect(play.record(BETTER)).toMatchObject({
      judged: { version: ref(2), status: 'accepted' },
      recorded: { version: 4 },
    });
    expect(play.progress.abortsInRow).toBe(0);
  });

  test('counts an outcome without a version as an abort', () => {
    const play = withCandidate();
    const round = play.open();
    const settled = play.settle(round, agreed(round, noVersion, play.protocol));
    expect(settled).toEqual({ progress: expect.objectContaining({ abortsInRow: 1, trainingRecorded: 1 }) });
  });

  test('accepts every version where there is no acceptance rule', () => {
    const play = withCandidate({ metrics: 'final' });
    expect(play.progress).toMatchObject({ lastAccepted: ref(2), candidate: null });
    expect(play.open()).toMatchObject({ base: ref(2), candidateParent: null });
  });

  test('refuses a round that is still running', () => {
    const round = exampleRound();
    expect(() => settleRound(exampleProtocol(), round, { stage: 'attesting' }, false)).toThrow(RangeError);
  });

  test('leaves what it was given as it was', () => {
    const play = withCandidate();
    const before = JSON.stringify(play.progress);
    const round = play.open();
    settleRound(play.protocol, round, agreed(round, outcome(3, WORSE), play.protocol), false);
    expect(JSON.stringify(play.progress)).toBe(before);
  });
});

describe('the end of a study', () => {
  test('comes with an evaluation, whose version takes the status of its base', () => {
    const play = withCandidate({ trainingRounds: 1 });
    expect(play.open()).toMatchObject({ kind: 'evaluation', base: ref(2), candidateParent: ref(1) });
    const settled = play.record(BETTER);
    expect(settled).toMatchObject({
      judged: { version: ref(2), status: 'accepted' },
      recorded: { version: 3, digest: ref(2).digest, status: 'accepted' },
    });
    expect(play.progress).toMatchObject({ ended: 'evaluated', lastAccepted: ref(2), candidate: null });
    expect(nextKind(play.protocol, play.progress, 4, false)).toBeUndefined();
  });

  test('lets the parent stand where the candidate is rejected at last', () => {
    const play = withCandidate({ trainingRounds: 1 });
    expect(play.record(WORSE)).toMatchObject({
      judged: { status: 'rejected' },
      recorded: { kind: 'evaluation', status: 'rejected' },
    });
    expect(play.progress).toMatchObject({ ended: 'evaluated', lastAccepted: ref(1) });
  });

  test('comes when the rounds are used up, aborted ones too', () => {
    const play = new Play({ trainingRounds: 1, roundsMax: 4 });
    play.record();
    play.record();
    play.abort();
    expect(play.open()).toMatchObject({ round: 3, kind: 'evaluation' });
    play.abort();
    expect(play.progress.ended).toBe('rounds');
    expect(() => play.open()).toThrow();
  });
});

describe('the kind of the next round', () => {
  const progress = (changes: Partial<Progress>): Progress => ({ ...FIRST_PROGRESS, ...changes });
  const begun = progress({ initialRecorded: true, statisticsRecorded: true });

  test.each<[string, Partial<ProtocolInput>, Progress, number, boolean, string | undefined]>([
    ['first weights first', {}, FIRST_PROGRESS, 0, false, 'initial'],
    ['again after an abort', {}, FIRST_PROGRESS, 3, false, 'initial'],
    ['first weights even when members want to finish', {}, FIRST_PROGRESS, 0, true, 'initial'],
    ['statistics where they are asked for', {}, progress({ initialRecorded: true }), 1, false, 'statistics'],
    [
      'training where they are not',
      {
        standardisation: 'declared-ranges',
        label: { kind: 'number', column: 'y', min: 0, max: 1 },
        model: { kind: 'linear-regression' },
      },
      progress({ initialRecorded: true }),
      1,
      false,
      'training',
    ],
    ['training', {}, begun, 2, false, 'training'],
    ['evaluation by vote', {}, begun, 2, true, 'evaluation'],
    ['evaluation after the last training round', {}, { ...begun, trainingRecorded: 3 }, 5, false, 'evaluation'],
    ['evaluation in the last round', {}, begun, 12, false, 'evaluation'],
    ['nothing after the last round', {}, begun, 13, false, undefined],
    ['nothing after the end', {}, { ...begun, ended: 'evaluated' }, 6, false, undefined],
  ])('%s', (_, changes, before, number, finish, kind) => {
    expect(nextKind(exampleProtocol(changes), before, number, finish)).toBe(kind);
  });
});

describe('pauses', () => {
  test('come after so many aborts in a row, until members vote', () => {
    const play = withCandidate();
    for (let k = 1; k < ABORTS_MAX; k++) play.abort();
    expect(isPaused(play.progress)).toBe(false);
    play.abort();
    expect(isPaused(play.progress)).toBe(true);
    expect(resumed(play.progress)).toEqual({ ...play.progress, abortsInRow: 0, rejectionsInRow: 0 });
    expect(isPaused(resumed(play.progress))).toBe(false);
  });

  test('come after so many rejections in a row, void rounds between them', () => {
    const play = withCandidate({ trainingRounds: 20 });
    for (let k = 0; k < REJECTIONS_MAX; k++) {
      expect(isPaused(play.progress)).toBe(false);
      if (!play.progress.candidate) play.record();
      play.record(WORSE);
    }
    expect(play.progress).toMatchObject({ rejectionsInRow: REJECTIONS_MAX });
    expect(isPaused(play.progress)).toBe(true);
  });

  test('do not come where an acceptance lies between', () => {
    const play = withCandidate({ trainingRounds: 20 });
    play.record(WORSE);
    play.record();
    play.record(BETTER);
    expect(play.progress.rejectionsInRow).toBe(0);
  });

  test('are none once the study has ended', () => {
    expect(isPaused({ ...FIRST_PROGRESS, abortsInRow: ABORTS_MAX, ended: 'rounds' })).toBe(false);
  });
});

describe('the acceptance rule', () => {
  const protocol = exampleProtocol(); // loss scale 256, slack 10,000 millionths of a nat a patient

  test.each<[string, RoundResult, boolean]>([
    ['no evaluation', {}, true],
    ['equal', validation(100, 100), true],
    ['worse without a count', validation(101, 100), false],
    ['within the slack of 100 patients', validation(100 + 256, 100, 100), true],
    ['beyond the slack of 100 patients', validation(100 + 257, 100, 100), false],
    ['better', validation(0, 100), true],
    ['the largest sums there are', validation(2 ** 31 - 1, -(2 ** 31), 400_000), false],
  ])('%s: no worse is %p', (_, result, noWorse) => {
    expect(isNoWorse(protocol, result)).toBe(noWorse);
  });

  test('has no slack where the protocol says none', () => {
    expect(isNoWorse(exampleProtocol({ acceptanceSlackMicro: 0 }), validation(101, 100, 1_000))).toBe(false);
  });
});
