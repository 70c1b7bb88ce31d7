/** Steps that follow where patients may not be used any more. */
import { ownVectorFiles } from './ownVectorFiles.js';
import { journalAbstention, journaledAbstention, journaledContribution } from './roundJournal.js';
import type { StepOf } from './step.js';
import { roundOf, type StepContext, type StepResult } from './stepContext.js';
import { areSurvivorsFixed } from './studyView.js';

/**
 * Gives up a round that was joined: written down first, so that no later look goes on. Then what was made of the cohort's
 * rows is removed, unless it may have been contributed.
 */
export async function sitOut(step: StepOf<'sitOut'>, context: StepContext): Promise<void> {
  const { ports } = context;
  const { study, round, reason } = step;
  if (journaledAbstention(ports.journal, study, round) === undefined) {
    journalAbstention(ports.journal, study, round, reason);
    ports.log.warn({ study, round, reason }, 'this round is sat out');
  }
  await forgetVector(step, context);
}

/** Removes what was made of the cohort's rows and is not contributed: tensors of the hospital's own, and the vector. */
export async function forgetVector(step: StepOf<'sitOut' | 'forgetVector'>, context: StepContext): Promise<void> {
  const { ports, identity } = context;
  const { study, round } = step;
  const view = roundOf(context, step);
  const mayHaveBeenSent = journaledContribution(ports.journal, study, round) !== undefined;
  if (view.facts.contributions.has(identity.msp) || (mayHaveBeenSent && !areSurvivorsFixed(view))) return;
  ports.personal.remove(study, round);
  for (const digest of ownVectorFiles(ports.journal, study, view)) await ports.blobs.remove(digest);
}

/** Tells the channel which rounds' cohorts held patients that may not be used any more: neither who, nor how many. */
export async function reportWithdrawal(
  { study, report, fromRound, toRound }: StepOf<'reportWithdrawal'>,
  { ports, signal }: StepContext,
): Promise<StepResult> {
  return ports.channel.submit('ConsentContract:reportWithdrawal', { study, report, fromRound, toRound }, signal);
}
