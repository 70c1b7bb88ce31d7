/** Steps that follow where patients may not be used any more. */
import { journalAbstention, journaledAbstention } from './roundJournal.js';
import type { StepOf } from './step.js';
import { roundOf, type StepContext, type StepResult } from './stepContext.js';
import { uselessVectors } from './uselessVectors.js';

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

/** Removes what was made of the cohort's rows and will not be contributed: tensors of the hospital's own, and the vector. */
export async function forgetVector(step: StepOf<'sitOut' | 'forgetVector'>, context: StepContext): Promise<void> {
  const { ports, identity, view } = context;
  const useless = uselessVectors(ports.journal, view, identity.msp, roundOf(context, step));
  if (useless.length > 0) ports.personal.remove(step.study, step.round);
  for (const digest of useless) await ports.blobs.remove(digest);
}

/** Tells the channel which rounds' cohorts held patients that may not be used any more: neither who, nor how many. */
export async function reportWithdrawal(
  { study, report, fromRound, toRound }: StepOf<'reportWithdrawal'>,
  { ports, signal }: StepContext,
): Promise<StepResult> {
  return ports.channel.submit('ConsentContract:reportWithdrawal', { study, report, fromRound, toRound }, signal);
}
