/** Keys that shares are sealed to: registered by their owner, pinned by the round that seals to them. */
import {
  type JoinKeys,
  type PinnedShareKey,
  type Round,
  refusal,
  type ShareKey,
  type StudyVersion,
  sha256Hex,
} from '@consilium/domain';
import { requireMember } from './members.js';
import type { Asked } from './permissions.js';
import { type Decision, standing, type Write, write } from './records.js';

/** What a round's record says of a member's newest key. */
export function pinned({ msp, index, publicKey }: ShareKey): PinnedShareKey {
  return { msp, index, hash: sha256Hex(publicKey) };
}

/**
 * @param facts.newestKey the member's newest share key on the ledger
 * @throws ConsiliumError NOT_A_MEMBER, MEMBER_NOT_REGISTERED, SHARE_KEY_TAKEN, SHARE_KEY_NOT_NEXT
 */
export function registerShareKey(
  { command, caller }: Asked<'StudyContract:registerShareKey'>,
  facts: Readonly<{ newest: StudyVersion; newestKey: ShareKey | undefined; same: ShareKey | undefined }>,
): Decision {
  const { msp } = caller;
  const { study, index, publicKey } = command;
  requireMember(study, facts.newest.protocol.members, msp);
  if (!facts.newestKey) throw refusal('MEMBER_NOT_REGISTERED', { msp, study });
  if (facts.same) {
    if (facts.same.publicKey !== publicKey) throw refusal('SHARE_KEY_TAKEN', { msp, index, study });
    return standing(facts.same);
  }
  const expected = facts.newestKey.index + 1;
  if (index !== expected) throw refusal('SHARE_KEY_NOT_NEXT', { msp, study, expected, found: index });
  const record: ShareKey = { study, msp, index, publicKey };
  return { record, writes: [write.shareKey(record)] };
}

/**
 * What a private join brings: keys that fit the round, and the joiner's next share key.
 * @param next what stands under the index of the next share key
 * @throws ConsiliumError ROUND_KEYS_MISSING, ROUND_KEYS_UNASKED, ROUND_KEYS_INVALID, SHARE_KEY_TAKEN
 */
export function joinKeyWrites(
  round: Round,
  own: Pick<ShareKey, 'msp'>,
  keys: JoinKeys | undefined,
  next: ShareKey | undefined,
): Write[] {
  if (!round.shareKeys) {
    if (keys) throw refusal('ROUND_KEYS_UNASKED', { round: round.round });
    return [];
  }
  if (!keys) throw refusal('ROUND_KEYS_MISSING', { round: round.round });
  const invalid = (problem: string) => refusal('ROUND_KEYS_INVALID', { round: round.round, problem });
  if (keys.dealt.length !== round.shareKeys.length)
    throw invalid(`${round.shareKeys.length} holders are pinned, shares for ${keys.dealt.length} came`);
  const pinnedOwn = round.shareKeys.find(({ msp }) => msp === own.msp);
  if (pinnedOwn && keys.next.index <= pinnedOwn.index)
    throw invalid(`the next share key ${keys.next.index} is not newer than the pinned ${pinnedOwn.index}`);
  const record: ShareKey = { study: round.study, msp: own.msp, ...keys.next };
  if (!next) return [write.shareKey(record)];
  if (next.publicKey !== record.publicKey)
    throw refusal('SHARE_KEY_TAKEN', { msp: own.msp, index: record.index, study: round.study });
  return [];
}
