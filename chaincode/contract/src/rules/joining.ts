/** A hospital says that it takes part in a round, on the protocol and the base that the round was opened with. */
import {
  type Close,
  type Join,
  joinedKeys,
  type PrivacySpending,
  phasesOf,
  type Round,
  refusal,
  type ShareKey,
  spendingAfter,
} from '@consilium/domain';
import { type CohortFacts, requireCohort } from './cohorts.js';
import { requireSame } from './facts.js';
import { requireMember } from './members.js';
import type { Asked } from './permissions.js';
import { type Decision, write } from './records.js';
import { joinKeyWrites } from './shareKeys.js';

/**
 * Reads no other hospital's join: whoever may join, has not, and finds no close, is in the joining phase.
 * A join that stands is not judged again: its cohort was the right one when it was committed.
 * Under differential privacy a training round is paid for here, before anything is trained; a join sent again costs nothing.
 * @throws ConsiliumError NOT_A_MEMBER, ROUND_NOT_AVAILABLE, PROTOCOL_HASH_MISMATCH, ROUND_BASE_MISMATCH, FACT_CHANGED,
 *   PHASE_CLOSED, and what `spendingAfter`, `requireCohort` and `joinKeyWrites` refuse
 * @param facts.nextKey what stands under the index of the share key that the join brings
 */
export function joinRound(
  { command, caller, at }: Asked<'RoundContract:joinRound'>,
  facts: Readonly<{
    round: Round;
    own: Join | undefined;
    close: Close | undefined;
    cohort: CohortFacts;
    nextKey: ShareKey | undefined;
    /** What the hospital has spent in this study; read where the round costs something. */
    spending: PrivacySpending | undefined;
  }>,
): Decision {
  const { study, round: number, protocolHash, baseDigest, cohort, keys } = command;
  const { round, own, spending } = facts;
  const { protocol } = facts.cohort;
  const { msp } = caller;
  if (!round.available.includes(msp)) {
    requireMember(study, protocol.members, msp);
    // Where the budget is spent, that is why the round was opened without it.
    spendingAfter(protocol, round, msp, spending);
    throw refusal('ROUND_NOT_AVAILABLE', { msp, round: number });
  }
  // All kinds that have a joining phase have it in both modes.
  if (!phasesOf(round.kind, 'open').includes('joining') || !round.base)
    throw refusal('PHASE_CLOSED', { phase: 'joining', round: number });
  if (protocolHash !== round.protocolHash)
    throw refusal('PROTOCOL_HASH_MISMATCH', {
      study,
      version: round.protocolVersion,
      expected: round.protocolHash,
      found: protocolHash,
    });
  if (baseDigest !== round.base.digest)
    throw refusal('ROUND_BASE_MISMATCH', { round: number, expected: round.base.digest, found: baseDigest });
  const record: Join = {
    study,
    round: number,
    msp,
    ...(cohort ? { cohort } : {}),
    ...(keys ? { keys: joinedKeys(keys) } : {}),
    at,
  };
  if (own) {
    // The next share key stands under its own key.
    if (keys && facts.nextKey?.publicKey !== keys.next.publicKey)
      throw refusal('FACT_CHANGED', { msp, fact: 'join', round: number });
    return requireSame('join', own, record);
  }
  if (facts.close) throw refusal('PHASE_CLOSED', { phase: 'joining', round: number });
  const spent = spendingAfter(protocol, round, msp, spending);
  requireCohort({ study, msp, cohort }, facts.cohort);
  const keyWrites = joinKeyWrites(round, { msp }, keys, facts.nextKey);
  return { record, writes: [write.join(record), ...keyWrites, ...(spent ? [write.spending(spent)] : [])] };
}
