import { describe, expect, test } from '@jest/globals';
import type { WithdrawalReport } from './consent.js';
import type { Msp } from './ids.js';
import type { ModelVersion, VersionStatus } from './model.js';
import { firstTouched, retrain, unhandledReports } from './retraining.js';
import type { Progress, Round } from './round.js';
import { FIRST_PROGRESS, settleRound } from './studyProgress.js';
import { exampleProtocol } from './testing/exampleProtocol.js';
import { digestOf, exampleRound, MSPS } from './testing/exampleRound.js';

const ref = (version: number) => ({ version, digest: digestOf(`v${version}`) });
const study = exampleRound().study;

function report(fromRound: number, toRound: number, changes: Partial<WithdrawalReport> = {}): WithdrawalReport {
  return { study, msp: MSPS[0], report: 0, fromRound, toRound, at: 0, ...changes };
}

function versionOf(version: number, status: VersionStatus): ModelVersion {
  const kind = version === 0 ? 'initial' : version === 1 ? 'statistics' : 'training';
  const parent = version === 0 ? null : ref(version - 1);
  return { study, ...ref(version), kind, parent, survivors: [], attestedBy: [], sumDigest: null, result: {}, status };
}

/** First weights, statistics, three trained versions of which the last is a candidate: as round 4 leaves it. */
const STATUSES: readonly VersionStatus[] = ['accepted', 'accepted', 'accepted', 'accepted', 'candidate'];
const VERSIONS = STATUSES.map((status, k) => versionOf(k, status));
const at = (changes: Partial<Progress>): Progress => ({ ...FIRST_PROGRESS, initialRecorded: true, ...changes });
const PROGRESS: readonly Progress[] = [
  FIRST_PROGRESS,
  at({ lastAccepted: ref(0) }),
  at({ lastAccepted: ref(1), statisticsRecorded: true }),
  at({
    lastAccepted: ref(1),
    statisticsRecorded: true,
    trainingRecorded: 1,
    candidate: { ...ref(2), parent: ref(1) },
  }),
  at({
    lastAccepted: ref(2),
    statisticsRecorded: true,
    trainingRecorded: 2,
    candidate: { ...ref(3), parent: ref(2) },
  }),
];
const ROUNDS: readonly Round[] = PROGRESS.map((progress, round) => exampleRound({ round, progress }));
const NOW = at({
  lastAccepted: ref(3),
  statisticsRecorded: true,
  trainingRecorded: 3,
  candidate: { ...ref(4), parent: ref(3) },
  abortsInRow: 2,
  rejectionsInRow: 1,
});
const voidedOf = (reports: readonly WithdrawalReport[], versions = VERSIONS) =>
  retrain(NOW, reports, versions, ROUNDS).voided.map(({ version, status }) => [version, status]);

describe('reports that are not handled yet', () => {
  test('are told apart hospital by hospital', () => {
    const reports = [report(1, 1), report(2, 2, { report: 1 }), report(3, 3, { msp: MSPS[3] })];
    expect(unhandledReports(NOW, reports)).toEqual(reports);
    const handled = { ...NOW, withdrawalsHandled: [{ msp: MSPS[0], reports: 1 }] };
    expect(unhandledReports(handled, reports)).toEqual(reports.slice(1));
  });
});

describe('the first touched version', () => {
  test.each<[string, WithdrawalReport[], number | undefined]>([
    ['of one round', [report(3, 3)], 3],
    ['of two reports, the smaller', [report(4, 4), report(2, 3)], 2],
    ['of rounds that made no version', [report(7, 9)], undefined],
    ['of rounds of which the first made none', [report(4, 9)], 4],
  ])('%s', (_, reports, first) => {
    expect(firstTouched(reports, VERSIONS)?.version).toBe(first);
  });

  test('is none that was rejected or is void: nothing builds on it', () => {
    const versions = [
      ...VERSIONS.slice(0, 2),
      versionOf(2, 'rejected'),
      versionOf(3, 'void'),
      versionOf(4, 'candidate'),
    ];
    expect(firstTouched([report(2, 3)], versions)).toBeUndefined();
    expect(firstTouched([report(2, 4)], versions)?.version).toBe(4);
  });
});

describe('going back', () => {
  test('changes nothing without a new report', () => {
    expect(retrain(NOW, [], VERSIONS, ROUNDS)).toEqual({ progress: NOW, voided: [] });
    const handled = { ...NOW, withdrawalsHandled: [{ msp: MSPS[0], reports: 1 }] };
    expect(retrain(handled, [report(2, 3)], VERSIONS, ROUNDS)).toEqual({ progress: handled, voided: [] });
  });

  test('voids the touched versions and trains them again', () => {
    const { progress, voided } = retrain(NOW, [report(3, 4)], VERSIONS, ROUNDS);
    expect(voided).toEqual([versionOf(3, 'void'), versionOf(4, 'void')]);
    expect(progress).toEqual({
      ...PROGRESS[3],
      // The candidate of then has been accepted since.
      lastAccepted: ref(2),
      candidate: null,
      abortsInRow: 2,
      rejectionsInRow: 0,
      withdrawalsHandled: [{ msp: MSPS[0], reports: 1 }],
    });
    expect(progress.trainingRecorded).toBe(1);
  });

  test('lets a verdict stand that went against the candidate of then', () => {
    const versions = VERSIONS.map((version) => (version.version === 2 ? versionOf(2, 'rejected') : version));
    expect(retrain(NOW, [report(3, 4)], versions, ROUNDS).progress).toMatchObject({
      lastAccepted: ref(1),
      candidate: null,
    });
  });

  test('lets a candidate wait that was not judged since', () => {
    const versions = VERSIONS.map((version) => (version.version === 2 ? versionOf(2, 'candidate') : version));
    expect(retrain(NOW, [report(3, 4)], versions, ROUNDS).progress).toMatchObject({
      lastAccepted: ref(1),
      candidate: { ...ref(2), parent: ref(1) },
    });
  });

  test('does the statistics again where they are touched', () => {
    const { progress } = retrain(NOW, [report(1, 4)], VERSIONS, ROUNDS);
    expect(progress).toMatchObject({ statisticsRecorded: false, trainingRecorded: 0, lastAccepted: ref(0) });
    expect(voidedOf([report(1, 4)])).toEqual([1, 2, 3, 4].map((version) => [version, 'void']));
  });

  test('voids rejected versions on the way, and names no void one twice', () => {
    const versions = [...VERSIONS.slice(0, 3), versionOf(3, 'rejected'), versionOf(4, 'void')];
    expect(voidedOf([report(2, 2)], versions)).toEqual([
      [2, 'void'],
      [3, 'void'],
    ]);
  });

  test('does not go back a second time for rounds that are void already', () => {
    const first = retrain(NOW, [report(3, 4)], VERSIONS, ROUNDS);
    const versions = [...VERSIONS.slice(0, 3), ...first.voided, versionOf(5, 'accepted')];
    const rounds = [...ROUNDS, exampleRound({ round: 5, progress: first.progress })];
    const second = report(3, 4, { msp: MSPS[1] as Msp });
    const { progress, voided } = retrain(first.progress, [report(3, 4), second], versions, rounds);
    expect(voided).toEqual([]);
    expect(progress).toEqual({
      ...first.progress,
      withdrawalsHandled: [
        { msp: MSPS[0], reports: 1 },
        { msp: MSPS[1], reports: 1 },
      ],
    });
    // One that was in the repeated round too goes back for that one alone.
    const third = report(3, 5, { msp: MSPS[2] as Msp });
    expect(retrain(progress, [report(3, 4), second, third], versions, rounds).voided).toEqual([versionOf(5, 'void')]);
  });

  test('leaves a study that has ended as it is', () => {
    const ended: Progress = { ...NOW, ended: 'evaluated' };
    expect(retrain(ended, [report(1, 4)], VERSIONS, ROUNDS)).toEqual({ progress: ended, voided: [] });
  });

  test('says so where the round of a version is missing', () => {
    expect(() => retrain(NOW, [report(3, 4)], VERSIONS, [])).toThrow(/version 3 was made by a round/);
  });

  test('is remembered by the rounds that follow', () => {
    const withdrawalsHandled = [{ msp: MSPS[0], reports: 2 }];
    const round = exampleRound({ progress: { ...NOW, withdrawalsHandled } });
    const aborted = { stage: 'aborted', abort: { phase: 'contributing', reason: 'TOO_FEW_CONTRIBUTIONS' } } as const;
    const made = { kind: 'version', ...ref(5), sumDigest: digestOf('sum'), result: {} } as const;
    const agreed = {
      stage: 'agreed',
      survivors: MSPS,
      agreement: { outcome: made, members: MSPS },
    } as unknown as Parameters<typeof settleRound>[2];
    expect(settleRound(exampleProtocol(), round, aborted, false).progress).toMatchObject({ withdrawalsHandled });
    expect(settleRound(exampleProtocol(), round, agreed, false).progress).toMatchObject({ withdrawalsHandled });
  });
});
