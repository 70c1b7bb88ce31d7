/** A hospital's own figures on its own test rows: only where the protocol says `metrics: open`. */
import { type Contribution, type HospitalEvaluation, type Round, refusal, type StudyProtocol } from '@consilium/domain';
import { recorded, requireSame } from './facts.js';
import { requireMember } from './members.js';
import type { Asked } from './permissions.js';
import { type Decision, write } from './records.js';

/**
 * Test rows are looked at in the evaluation round alone, by those that contributed to it.
 * @throws ConsiliumError NOT_A_MEMBER, EVALUATION_NOT_OPEN, INPUT_INVALID, PHASE_NOT_REACHED, FACT_CHANGED
 */
export function reportEvaluation(
  { command, caller, at }: Asked<'RoundContract:reportEvaluation'>,
  facts: Readonly<{
    round: Round;
    protocol: StudyProtocol;
    contribution: Contribution | undefined;
    own: HospitalEvaluation | undefined;
  }>,
): Decision {
  const { study, round: number, trainingPatients, base, parent } = command;
  const { round, protocol, contribution, own } = facts;
  const { msp } = caller;
  requireMember(study, protocol.members, msp);
  if (protocol.metrics !== 'open') throw refusal('EVALUATION_NOT_OPEN', { study });
  if (round.kind !== 'evaluation')
    throw refusal('INPUT_INVALID', { problems: `round: ${number} is a ${round.kind} round, not an evaluation` });
  const kinds = [base.kind, ...(parent ? [parent.kind] : [])];
  if (kinds.some((kind) => kind !== protocol.label.kind))
    throw refusal('INPUT_INVALID', { problems: `base, parent: the label of study ${study} is ${protocol.label.kind}` });
  const record: HospitalEvaluation = {
    study,
    round: number,
    msp,
    trainingPatients,
    base,
    ...(parent ? { parent } : {}),
    reportedAt: at,
  };
  if (own) return requireSame('evaluation', own, record);
  if (!contribution)
    throw refusal('PHASE_NOT_REACHED', {
      round: number,
      stage: 'without a contribution of this hospital',
      phase: 'reporting',
    });
  return recorded(record, write.evaluation);
}
