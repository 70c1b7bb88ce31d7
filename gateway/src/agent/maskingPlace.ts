/** What masks of a round are bound to, read from what the channel says of it. */
import { type JoinedKeys, type Msp, refusal } from '@consilium/domain';
import type { MaskingPlace } from './ports.js';
import type { RoundView } from './studyView.js';

/** @throws ConsiliumError ROUND_NOT_SETTLED before the roster is fixed */
export function maskingPlace({ facts, state, number }: RoundView, channel: string): MaskingPlace {
  const { study, base, protocolHash } = facts.round;
  if (!state.roster || !base) throw refusal('ROUND_NOT_SETTLED', { study, round: number, stage: state.stage });
  const roster = new Map(
    state.roster.map((msp) => [msp, facts.joins.get(msp)?.keys as JoinedKeys] as [Msp, JoinedKeys]),
  );
  return { channel, study, round: number, baseDigest: base.digest, protocolHash, roster };
}
