/**
 * Where a study says `onWithdrawal: 'retrain'`: patients withdrew who were in rounds already, so the study goes back to
 * before the first version that they are part of, and trains on from there.
 */
import type { WithdrawalReport } from './consent.js';
import type { ModelVersion } from './model.js';
import type { Progress, Round } from './round.js';

/** What going back changes: the progress that the next round starts from, and the versions that are void now. */
export type Retraining = Readonly<{ progress: Progress; voided: readonly ModelVersion[] }>;

/** Reports that no opening has gone back for yet. */
export function unhandledReports(progress: Progress, reports: readonly WithdrawalReport[]): WithdrawalReport[] {
  const handled = new Map(progress.withdrawalsHandled?.map(({ msp, reports: count }) => [msp, count]));
  return reports.filter(({ msp, report }) => report >= (handled.get(msp) ?? 0));
}

/**
 * The first version that withdrawn patients are part of and that others still build on. Void and rejected ones have no
 * descendants: what is made of them is void too, so nothing is gained by going back for them.
 */
export function firstTouched(
  reports: readonly WithdrawalReport[],
  versions: readonly ModelVersion[],
): ModelVersion | undefined {
  return versions
    .filter(({ version, status }) => {
      const stands = status === 'accepted' || status === 'candidate';
      return stands && reports.some(({ fromRound, toRound }) => fromRound <= version && version <= toRound);
    })
    .toSorted((a, b) => a.version - b.version)[0];
}

/**
 * Every version from the first touched one on becomes void, and progress is that of before its round: statistics and
 * training that are void are done again, as far as `roundsMax` allows. Aborts in a row still count; rejections were of
 * versions that are void now. A study that has ended stays ended.
 * @param progress after the last round was settled
 * @param reports all of the study's
 * @param versions all of the study's as they stand with the last round settled
 * @param rounds all from the first round on that a report names
 * @throws RangeError where the round of a touched version is missing
 */
export function retrain(
  progress: Progress,
  reports: readonly WithdrawalReport[],
  versions: readonly ModelVersion[],
  rounds: readonly Round[],
): Retraining {
  const unhandled = progress.ended ? [] : unhandledReports(progress, reports);
  if (unhandled.length === 0) return { progress, voided: [] };
  const withdrawalsHandled = handledWith(reports);
  const touched = firstTouched(unhandled, versions);
  if (!touched) return { progress: { ...progress, withdrawalsHandled }, voided: [] };
  const round = rounds.find(({ round: number }) => number === touched.version);
  if (!round) throw new RangeError(`version ${touched.version} was made by a round that is not there`);
  const voided = versions
    .filter(({ version, status }) => version >= touched.version && status !== 'void')
    .map((version): ModelVersion => ({ ...version, status: 'void' }));
  const { abortsInRow, ended } = progress;
  const before = judgedSince(round.progress, versions);
  return { progress: { ...before, abortsInRow, rejectionsInRow: 0, withdrawalsHandled, ended }, voided };
}

/** A candidate that was waiting then has been judged since, by figures alone: the verdict stands. */
function judgedSince(before: Progress, versions: readonly ModelVersion[]): Progress {
  const { candidate } = before;
  const status = candidate && versions.find(({ version }) => version === candidate.version)?.status;
  if (!candidate || status === 'candidate') return before;
  const { version, digest } = candidate;
  return {
    ...before,
    candidate: null,
    lastAccepted: status === 'accepted' ? { version, digest } : before.lastAccepted,
  };
}

function handledWith(reports: readonly WithdrawalReport[]): NonNullable<Progress['withdrawalsHandled']> {
  const members = [...new Set(reports.map(({ msp }) => msp))].sort();
  return members.map((msp) => ({ msp, reports: reports.filter((report) => report.msp === msp).length }));
}
