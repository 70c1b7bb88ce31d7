/** What this hospital itself owes to a round: its facts, and the work behind them. They wait for nobody's turn. */
import { type Msp, majority, type VersionRef } from '@consilium/domain';
import { reasonToSitOut, type SittingOutReason, touchedVersions } from './cohortStanding.js';
import type { Knowledge } from './knowledge.js';
import { forgettingOwed, hasOwnSecrets, isPrivate, isUnmasked, shareKeyOwed } from './privateRounds.js';
import {
  hasJournaledJoin,
  journaledAbstention,
  journaledContribution,
  journaledEvaluation,
  journaledOutcome,
  journaledVector,
  journaledVectorsDeleted,
} from './roundJournal.js';
import { type Step, stepKey } from './step.js';
import { areSurvivorsFixed, isAbortedByClose, type RoundView, type StudyView } from './studyView.js';
import { uselessVectors } from './uselessVectors.js';
import { whatFollows } from './whatFollows.js';

export function owedFacts(view: StudyView, know: Knowledge): Step[] {
  const { study, newest, previous } = view;
  if (!view.registered.has(know.msp))
    return isRegistrationOwed(view, know.msp) ? [{ name: 'registerMember', study, round: 0 }] : [];
  const late = know.leftovers().flatMap((round) => forgetting(view, round, know));
  if (previous) late.push(...lateFacts(view, previous, know));
  const secrets = [...shareKeyOwed(view, know), ...forgettingOwed(view, know)];
  return newest ? [...secrets, ...late, ...newestFacts(view, newest, know)] : secrets;
}

/** Vectors that are removed whether rounds go on or have ended. */
export function owedRemovals(view: StudyView, know: Knowledge): Step[] {
  const rounds = [...know.leftovers(), view.previous, view.newest];
  return rounds.flatMap((round) => (round ? forgetting(view, round, know) : []));
}

/**
 * What withdrawals have touched is told whether rounds go on or have ended: versions may be in use. One report at a time; the
 * next has the number after it.
 */
export function owedReport(view: StudyView, { msp, withdrawals }: Knowledge): Step[] {
  if (!view.newest?.protocol.consent || !view.registered.has(msp)) return [];
  const touched = touchedVersions(view, msp, withdrawals());
  if (!touched) return [];
  const report = view.withdrawalReports(msp).length;
  return [{ name: 'reportWithdrawal', study: view.study, round: touched.fromRound, report, ...touched }];
}

/** An agent registers once its own hospital has approved, and however late, while there are rounds to come. */
function isRegistrationOwed(view: StudyView, msp: Msp): boolean {
  return view.newest ? whatFollows(view).kind !== 'end' : view.approved.has(msp);
}

function newestFacts(view: StudyView, round: RoundView, know: Knowledge): Step[] {
  const { base } = round.facts.round;
  if (isAbortedByClose(round) || know.dispute(base) !== undefined) return forgetting(view, round, know);
  const reason = sittingOut(view, round, know);
  if (reason !== undefined) return [{ name: 'sitOut', study: view.study, round: round.number, reason }];
  const takesPart = mayTakePart(view, round, know);
  const wanted = takesPart ? [base, round.facts.round.candidateParent] : [base];
  const missing = wanted.filter((version) => version !== null).filter(({ digest }) => !know.holds(digest));
  const steps = missing.flatMap((version) => fetchOwed(view, version, know));
  if (takesPart) steps.push(...participation(view, round, know, missing.length === 0));
  return [...steps, ...lateFacts(view, round, know)];
}

/** What may still be recorded once the survivors are fixed, and after the next round was opened. */
function lateFacts(view: StudyView, round: RoundView, know: Knowledge): Step[] {
  const { study, number } = { study: view.study, number: round.number };
  const steps = forgetting(view, round, know);
  if (isAbortedByClose(round)) return steps;
  if (isAggregationOwed(view, round, know)) steps.push({ name: 'aggregate', study, round: number });
  const isAttestable = round.facts.round.kind === 'initial' || round.state.survivors !== undefined;
  if (isAttestable && !round.facts.attestations.has(know.msp) && journaledOutcome(know.journal, study, number))
    steps.push({ name: 'attest', study, round: number });
  if (isReportOwed(view, round, know)) steps.push({ name: 'reportEvaluation', study, round: number });
  return steps;
}

/** Why a round that this hospital has joined, and not contributed to, is to be given up from now on. */
function sittingOut(
  { study }: StudyView,
  round: RoundView,
  { msp, journal, cohort }: Knowledge,
): SittingOutReason | undefined {
  const { facts, number, protocol } = round;
  if (!protocol.consent || !facts.joins.has(msp) || facts.contributions.has(msp) || areSurvivorsFixed(round))
    return undefined;
  if (journaledAbstention(journal, study, number) !== undefined) return undefined;
  return reasonToSitOut(round, msp, cohort(number));
}

function forgetting(view: StudyView, round: RoundView, { msp, journal, holds }: Knowledge): Step[] {
  const isOwed = uselessVectors(journal, view, msp, round).some(holds);
  return isOwed ? [{ name: 'forgetVector', study: view.study, round: round.number }] : [];
}

/** Whether this hospital has joined the round, or still can, and keeps to what its journal says. */
function mayTakePart(view: StudyView, round: RoundView, know: Knowledge): boolean {
  const { study } = view;
  const { msp, journal } = know;
  const { facts, state } = round;
  if (state.stage !== 'joining' && state.stage !== 'contributing') return false;
  if (journaledAbstention(journal, study, round.number) !== undefined) return false;
  if (facts.joins.has(msp))
    return hasJournaledJoin(journal, study, round.number) && (!isPrivate(round) || hasOwnSecrets(view, round, know));
  return state.stage === 'joining' && facts.round.available.includes(msp);
}

/**
 * Joining, training, sharing, contributing. The vector depends on base and rows alone, so it is made while others join; where
 * patients must consent, not before the own join stands: whose rows it may use is committed with it; where it is masked, not
 * before the roster is fixed.
 */
function participation(view: StudyView, round: RoundView, know: Knowledge, isBaseInHand: boolean): Step[] {
  const { study } = view;
  const { facts, state, number, protocol } = round;
  const { msp, journal } = know;
  const about = { study, round: number };
  const hasJoined = facts.joins.has(msp);
  const steps: Step[] = [];
  if (!hasJoined && isBaseInHand) steps.push({ name: 'joinRound', ...about });
  if (protocol.consent && !(hasJoined && know.cohort(number).isAllowed)) return steps;
  if (isPrivate(round) && !state.roster?.includes(msp)) return steps;
  const vector = journaledVector(journal, study, number);
  if (vector === undefined || !know.holds(vector)) {
    if (isBaseInHand && !facts.contributions.has(msp)) steps.push({ name: 'makeVector', ...about });
    return steps;
  }
  if (!hasJoined) return steps;
  if (!areSurvivorsFixed(round))
    for (const to of view.registered.keys())
      if (to !== msp && !know.receipts(number).has(to))
        steps.push({ name: 'shareVector', ...about, to, digest: vector });
  const isReady =
    know.receipts(number).size >= majority(protocol) - 1 || journaledContribution(journal, study, number) !== undefined;
  if (state.stage === 'contributing' && state.roster?.includes(msp) && !facts.contributions.has(msp) && isReady)
    steps.push({ name: 'contribute', ...about });
  return steps;
}

/** An outcome is recomputed once, from a base in hand; where the own attestation stands already, there is no need. */
function isAggregationOwed(view: StudyView, round: RoundView, know: Knowledge): boolean {
  const { facts, state } = round;
  const { kind, base } = facts.round;
  if (facts.attestations.has(know.msp) || isAbortedByClose(round)) return false;
  if (kind !== 'initial' && (!state.survivors || !base || !know.holds(base.digest))) return false;
  if (kind !== 'initial' && !isUnmasked(round)) return false;
  if (know.dispute(base) !== undefined) return false;
  if (journaledVectorsDeleted(know.journal, view.study, round.number) !== undefined) return false;
  return journaledOutcome(know.journal, view.study, round.number) === undefined;
}

/**
 * A version that is missing is fetched by the digest that t members attested, unless this hospital can recompute it
 * itself and has not failed at that yet.
 */
function fetchOwed(view: StudyView, version: VersionRef, know: Knowledge): Step[] {
  const maker = view.previous;
  const isRecomputing =
    maker?.number === version.version &&
    isAggregationOwed(view, maker, know) &&
    know.failures(stepKey({ name: 'aggregate', study: view.study, round: maker.number })) === 0;
  if (isRecomputing) return [];
  const attested = view.model(version.version)?.attestedBy ?? [];
  const others = [...view.registered.keys()].filter((msp) => !attested.includes(msp));
  const holders = [...attested, ...others].filter((msp) => msp !== know.msp);
  return [{ name: 'fetchVersion', study: view.study, round: version.version, version, holders }];
}

function isReportOwed(view: StudyView, round: RoundView, { msp, journal, cohort }: Knowledge): boolean {
  const { protocol, state, facts, number } = round;
  return (
    protocol.metrics === 'open' &&
    facts.round.kind === 'evaluation' &&
    state.stage === 'agreed' &&
    state.survivors?.includes(msp) === true &&
    journaledEvaluation(journal, view.study, number) !== undefined &&
    !view.hasReported(number, msp) &&
    (!protocol.consent || cohort(number).isAllowed)
  );
}
