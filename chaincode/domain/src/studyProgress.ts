/** How rounds follow each other: what a settled round leaves behind, and what the next one is. */
import { fixedAfter } from './differencing.js';
import type { RoundResult } from './evaluation.js';
import { ABORTS_MAX, REJECTIONS_MAX } from './limits.js';
import type { ModelVersion, VersionRef } from './model.js';
import { lossScale } from './quantisation.js';
import type { Progress, Round, RoundKind } from './round.js';
import type { RoundState } from './roundPhases.js';
import { asksForStatistics, hasAcceptanceRule, roundsMax, type StudyProtocol } from './study.js';

export const FIRST_PROGRESS: Progress = {
  initialRecorded: false,
  statisticsRecorded: false,
  trainingRecorded: 0,
  lastAccepted: null,
  candidate: null,
  abortsInRow: 0,
  rejectionsInRow: 0,
  ended: null,
};

/** What a settled round changes: progress, the version it recorded, and the status of the candidate it judged. */
export type Settlement = Readonly<{
  progress: Progress;
  recorded?: ModelVersion;
  judged?: Readonly<{ version: VersionRef; status: 'accepted' | 'rejected' }>;
}>;

/**
 * Settles a round whose state is `agreed` or `aborted`.
 * @param vetoed whether a vote against the candidate that this round judges was carried
 * @throws RangeError for a round that is still running
 */
export function settleRound(protocol: StudyProtocol, round: Round, state: RoundState, vetoed: boolean): Settlement {
  const before = round.progress;
  const last = round.round + 1 >= roundsMax(protocol);
  if (state.stage === 'aborted')
    return {
      progress: withFixed(protocol, round, state, {
        ...before,
        abortsInRow: before.abortsInRow + 1,
        ended: last ? 'rounds' : null,
      }),
    };
  if (state.stage !== 'agreed' || state.agreement?.outcome.kind !== 'version')
    throw new RangeError(`round ${round.round} is ${state.stage}: it cannot be settled yet`);
  const { outcome, members } = state.agreement;
  const made: VersionRef = { version: round.round, digest: outcome.digest };
  const judged = judge(protocol, round, outcome.result, vetoed);
  const rejected = judged?.status === 'rejected';
  const status = versionStatus(protocol, round, rejected);
  const recorded: ModelVersion = {
    study: round.study,
    version: round.round,
    digest: outcome.digest,
    kind: round.kind,
    parent: round.base,
    survivors: [...(state.survivors ?? [])],
    attestedBy: [...members],
    sumDigest: outcome.sumDigest,
    result: outcome.result,
    status,
  };
  const lastAccepted =
    status === 'accepted' && round.kind !== 'evaluation'
      ? made
      : rejected
        ? before.lastAccepted
        : (round.base ?? before.lastAccepted);
  const progress = withFixed(protocol, round, state, {
    initialRecorded: true,
    statisticsRecorded: before.statisticsRecorded || round.kind === 'statistics',
    trainingRecorded: before.trainingRecorded + (round.kind === 'training' ? 1 : 0),
    lastAccepted,
    candidate: status === 'candidate' && round.base ? { ...made, parent: round.base } : null,
    abortsInRow: 0,
    rejectionsInRow: rejected ? before.rejectionsInRow + 1 : judged ? 0 : before.rejectionsInRow,
    ...(before.withdrawalsHandled ? { withdrawalsHandled: before.withdrawalsHandled } : {}),
    ended: round.kind === 'evaluation' ? 'evaluated' : last ? 'rounds' : null,
  });
  return judged ? { progress, recorded, judged } : { progress, recorded };
}

/** A withdrawal can make any version a base again, where the study then trains from the last one that it did not touch. */
function withFixed(protocol: StudyProtocol, round: Round, state: RoundState, progress: Progress): Progress {
  const { fixed: before, ...rest } = progress;
  const { lastAccepted, candidate } = progress;
  const bases = [lastAccepted, candidate, candidate?.parent].flatMap((version) => version?.version ?? []);
  const anyBase = protocol.consent?.onWithdrawal === 'retrain';
  const all = anyBase ? [...(before ?? []).map(({ base }) => base), round.base?.version ?? 0] : bases;
  const fixed = fixedAfter(protocol, round, state, all);
  return fixed.length > 0 ? { ...rest, fixed } : rest;
}

function versionStatus(protocol: StudyProtocol, round: Round, rejected: boolean): ModelVersion['status'] {
  if (round.kind === 'initial' || round.kind === 'statistics') return 'accepted';
  if (round.kind === 'evaluation') return rejected ? 'rejected' : 'accepted';
  if (rejected) return 'void';
  return hasAcceptanceRule(protocol) ? 'candidate' : 'accepted';
}

function judge(protocol: StudyProtocol, round: Round, result: RoundResult, vetoed: boolean): Settlement['judged'] {
  if (!round.candidateParent || !round.base) return undefined;
  return { version: round.base, status: vetoed || !isNoWorse(protocol, result) ? 'rejected' : 'accepted' };
}

/**
 * The acceptance rule, in integers: loss of the candidate <= its parent's on the same patients, plus
 * `acceptanceSlackMicro` millionths of a nat a patient (no slack where small cells hide the count).
 */
export function isNoWorse(protocol: StudyProtocol, result: RoundResult): boolean {
  const validation = result.validation;
  if (!validation) return true;
  const slack = BigInt(protocol.acceptanceSlackMicro) * BigInt(validation.patients) * BigInt(lossScale(protocol));
  return BigInt(validation.loss - validation.parentLoss) * 1_000_000n <= slack;
}

/** The base of the round that follows: a candidate if there is one, else what was accepted last. */
export function nextBase(progress: Progress): { base: VersionRef | null; candidateParent: VersionRef | null } {
  if (progress.candidate) {
    const { parent, ...base } = progress.candidate;
    return { base, candidateParent: parent };
  }
  return { base: progress.lastAccepted, candidateParent: null };
}

/** Too many aborts or rejections in a row: the study waits until members vote `resume~n`. */
export function isPaused(progress: Progress): boolean {
  return progress.ended === null && (progress.abortsInRow >= ABORTS_MAX || progress.rejectionsInRow >= REJECTIONS_MAX);
}

/** What a carried vote `resume~n` makes of the counters. */
export function resumed(progress: Progress): Progress {
  return { ...progress, abortsInRow: 0, rejectionsInRow: 0 };
}

/**
 * The kind of round `number`.
 * @param finish whether a vote `finish~number` was carried
 * @returns undefined where the study has ended
 */
export function nextKind(
  protocol: StudyProtocol,
  progress: Progress,
  number: number,
  finish: boolean,
): RoundKind | undefined {
  if (progress.ended || number >= roundsMax(protocol)) return undefined;
  if (!progress.initialRecorded) return 'initial';
  const last = number === roundsMax(protocol) - 1;
  if (asksForStatistics(protocol) && !progress.statisticsRecorded && !last) return 'statistics';
  if (finish || last) return 'evaluation';
  return progress.trainingRecorded < protocol.trainingRounds ? 'training' : 'evaluation';
}
