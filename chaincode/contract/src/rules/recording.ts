/** The version of a round that no other round follows: the last one, or one that the study pauses after. */
import { isPaused, type ModelVersion, refusal, type StudyProtocol, type Vote } from '@consilium/domain';
import { requireMember } from './members.js';
import type { Asked } from './permissions.js';
import { type Decision, standing } from './records.js';
import { type SettlingFacts, settle } from './settlement.js';
import { isCarried } from './votes.js';

/** @throws ConsiliumError NOT_A_MEMBER, ROUND_NOT_SETTLED, ATTESTATIONS_DIFFER, NOTHING_TO_RECORD */
export function recordVersion(
  { command, caller }: Asked<'ModelContract:recordVersion'>,
  { protocol, facts, end }: Readonly<{ protocol: StudyProtocol; facts: SettlingFacts; end: readonly Vote[] }>,
): Decision {
  const { study, round, attestedBy } = command;
  requireMember(study, protocol.members, caller.msp);
  if (facts.recorded) return standing(facts.recorded);
  const { state, settlement, writes } = settle(protocol, attestedBy, facts);
  const record: ModelVersion | undefined = settlement.recorded;
  if (!record)
    throw refusal('NOTHING_TO_RECORD', {
      study,
      round,
      why: `it was aborted (${state.abort?.reason}): it has no version`,
    });
  const { progress } = settlement;
  if (!progress.ended && !isPaused(progress) && !isCarried(protocol, end))
    throw refusal('NOTHING_TO_RECORD', { study, round, why: 'the next round records its version when it is opened' });
  return { record, writes };
}
