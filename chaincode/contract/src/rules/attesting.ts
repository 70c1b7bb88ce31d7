/** A member says what it recomputed from the survivors' vectors. Agreement and dispute are derived, never written. */
import {
  type Attestation,
  type Close,
  deriveRound,
  type Msp,
  type Phase,
  type Round,
  type StudyProtocol,
} from '@consilium/domain';
import { recorded, requirePhase, requireSame } from './facts.js';
import { requireMember } from './members.js';
import type { Asked } from './permissions.js';
import { type Decision, write } from './records.js';

export type AttestingFacts = Readonly<{
  round: Round;
  protocol: StudyProtocol;
  own: Attestation | undefined;
  closes: ReadonlyMap<Phase, Close>;
  joined: ReadonlySet<Msp>;
  contributed: ReadonlySet<Msp>;
}>;

/**
 * Any member may attest, once the survivors are fixed; also after the version is recorded, as a confirmation or a dispute.
 * @throws ConsiliumError NOT_A_MEMBER, FACT_CHANGED, PHASE_NOT_REACHED, PHASE_CLOSED
 */
export function attest({ command, caller, at }: Asked<'RoundContract:attest'>, facts: AttestingFacts): Decision {
  const { study, round: number, outcome } = command;
  const { round, protocol, own, closes, joined, contributed } = facts;
  requireMember(study, protocol.members, caller.msp);
  const record: Attestation = { study, round: number, msp: caller.msp, outcome, at };
  if (own) return requireSame('attestation', own, record);
  const others = new Map<Msp, Attestation>();
  const state = deriveRound(protocol, {
    round,
    joins: joined,
    contributions: contributed,
    attestations: others,
    closes,
  });
  requirePhase('attesting', round, state);
  return recorded(record, write.attestation);
}
