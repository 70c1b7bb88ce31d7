/** How this hospital's cohort of a round stands, where the study asks for consent: may its rows still be used, now? */
import type { Digest, Msp, StudyId } from '@consilium/domain';
import type { ConsentDesk } from './ports.js';
import type { RoundView, StudyView } from './studyView.js';

export type CohortStanding = Readonly<{
  /** The root that the selection kept for the round commits to; undefined: none is kept. */
  root: Digest | undefined;
  /** Whether every patient of it may still be used. */
  isAllowed: boolean;
}>;

export function cohortStanding(
  consent: Pick<ConsentDesk, 'selection' | 'isStillAllowed'>,
  study: StudyId,
  round: number,
): CohortStanding {
  const root = consent.selection(study, round)?.commitment.root;
  return { root, isAllowed: root !== undefined && consent.isStillAllowed(study, round) };
}

/** Why a round that this hospital has joined is sat out: one of these stands in its journal. */
export const SITTING_OUT = {
  lost: 'consent: the selection of this round is not kept here any more',
  other: 'consent: the join that stands commits to another selection than the one kept here',
  less: 'consent: a patient of the cohort may not be used any more',
} as const;
export type SittingOutReason = (typeof SITTING_OUT)[keyof typeof SITTING_OUT];

export function isConsentReason(reason: string | undefined): boolean {
  return reason?.startsWith('consent: ') === true;
}

/**
 * Why nothing of this hospital's rows may go into a round that it has joined; undefined: nothing is in the way. What was
 * committed, what is kept and what may be used must be one and the same cohort.
 */
export function reasonToSitOut({ facts }: RoundView, msp: Msp, standing: CohortStanding): SittingOutReason | undefined {
  const committed = facts.joins.get(msp)?.cohort?.root;
  if (standing.root === undefined) return SITTING_OUT.lost;
  if (standing.root !== committed) return SITTING_OUT.other;
  return standing.isAllowed ? undefined : SITTING_OUT.less;
}

/**
 * The versions that this hospital had a part in, among rounds whose cohorts held patients that may not be used any more, and
 * that no report of its own covers: a round that was joined and then sat out is touched by nobody's rows, and a version that is
 * known to be touched is not touched more by somebody else's withdrawal.
 */
export function touchedVersions(
  view: StudyView,
  msp: Msp,
  rounds: Readonly<{ fromRound: number; toRound: number }> | undefined,
): Readonly<{ fromRound: number; toRound: number }> | undefined {
  if (!rounds) return undefined;
  let { fromRound, toRound } = rounds;
  const reports = view.withdrawalReports(msp);
  const isReported = (round: number) => reports.some((report) => report.fromRound <= round && round <= report.toRound);
  const isTouched = (round: number) => view.model(round)?.survivors.includes(msp) === true && !isReported(round);
  while (fromRound <= toRound && !isTouched(fromRound)) fromRound += 1;
  while (fromRound < toRound && !isTouched(toRound)) toRound -= 1;
  return fromRound <= toRound ? { fromRound, toRound } : undefined;
}
