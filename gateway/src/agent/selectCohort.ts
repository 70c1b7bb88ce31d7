/** Selects the patients of a round, before it is joined. */
import { ConsentPolicyHead, ledgerKey, RestrictionEpoch, refusal } from '@consilium/domain';
import type { CohortSelection } from './ports.js';
import type { StepOf } from './step.js';
import { roundOf, type StepContext } from './stepContext.js';

/**
 * The selection kept for the round, while it is one that the channel would take and every patient of it may be used: a join
 * whose fate is not known is sent again as it was. Else a new one, by the consents of this moment.
 *
 * @throws ConsiliumError what the consent desk and the source of rows refuse with; CONSENT_COHORT_EMPTY also where nobody
 *   is left to train on; CONSENT_WITHDRAWN where something became less meanwhile
 */
export async function selectCohort(step: StepOf<'joinRound'>, context: StepContext): Promise<CohortSelection> {
  const { ports, signal } = context;
  const { consent } = ports;
  const { study, round } = step;
  const kept = consent.selection(study, round);
  if (kept && isCurrent(context, kept) && consent.isStillAllowed(study, round)) return kept;
  const { protocol } = roundOf(context, step);
  const sets = await ports.patients.patients(protocol, signal);
  const selection = await consent.select({ study, protocol, round, patients: [...sets.keys()] }, signal);
  if (![...selection.patients].some((patient) => sets.get(patient) === 'train'))
    throw refusal('CONSENT_COHORT_EMPTY', { study });
  return selection;
}

/** Whether it was made under the restriction epoch and the policy that stand on this hospital's peer. */
function isCurrent({ ports: { state }, identity: { msp } }: StepContext, { commitment }: CohortSelection): boolean {
  const epoch = RestrictionEpoch.safeParse(state.get(ledgerKey.epoch(msp))).data?.epoch ?? 0;
  const version = ConsentPolicyHead.safeParse(state.get(ledgerKey.policyHead(msp))).data?.versions ?? 0;
  return commitment.restrictionEpoch === epoch && commitment.policyVersion === version;
}
