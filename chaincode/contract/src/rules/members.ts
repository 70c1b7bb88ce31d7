/** Who belongs to a study, and the keys of those who take part. */
import {
  type Approval,
  type MemberKeys,
  type Msp,
  refusal,
  type ShareKey,
  type StudyId,
  type StudyVersion,
} from '@consilium/domain';
import type { Asked } from './permissions.js';
import { type Decision, standing, write } from './records.js';

/** @throws ConsiliumError NOT_A_MEMBER */
export function requireMember(study: StudyId, members: readonly Msp[], msp: Msp): void {
  if (!members.includes(msp)) throw refusal('NOT_A_MEMBER', { msp, study });
}

/**
 * An agent registers once its own hospital has approved. It asks nothing of the others, so all may register in one block.
 * @throws ConsiliumError NOT_A_MEMBER, STUDY_NOT_ACTIVE, MEMBER_KEY_CHANGED, SHARE_KEY_MISSING
 */
export function registerMember(
  { command, caller }: Asked<'StudyContract:registerMember'>,
  facts: Readonly<{ newest: StudyVersion; approval: Approval | undefined; own: MemberKeys | undefined }>,
): Decision {
  const { msp } = caller;
  const { study, receiptKey, shareKey } = command;
  const { protocol, version } = facts.newest;
  requireMember(study, protocol.members, msp);
  if (facts.own) {
    if (facts.own.receiptKey !== receiptKey) throw refusal('MEMBER_KEY_CHANGED', { msp, study });
    return standing(facts.own);
  }
  if (!facts.approval) throw refusal('STUDY_NOT_ACTIVE', { study, missing: msp, version });
  const record: MemberKeys = { study, msp, receiptKey };
  if (protocol.mode !== 'private') return { record, writes: [write.member(record)] };
  if (shareKey === undefined) throw refusal('SHARE_KEY_MISSING', { study });
  const first: ShareKey = { study, msp, index: 0, publicKey: shareKey };
  return { record, writes: [write.member(record), write.shareKey(first)] };
}
