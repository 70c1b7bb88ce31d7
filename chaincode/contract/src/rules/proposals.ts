/** A study's protocol is proposed, and approved by the hash of its canonical JSON. */
import {
  type Approval,
  canonicalDigest,
  canonicalJson,
  type Msp,
  type Round,
  refusal,
  requireSoundProtocol,
  type Study,
  type StudyVersion,
} from '@consilium/domain';
import { requireMember } from './members.js';
import type { Asked } from './permissions.js';
import { type Decision, standing, write } from './records.js';

/**
 * The first version makes the study; another one, of the same members, replaces it until the first round is opened.
 * @throws ConsiliumError NOT_A_MEMBER, HOSPITAL_UNKNOWN, STUDY_ID_TAKEN, STUDY_MEMBERS_CHANGED, STUDY_RUNNING, and what
 *   `requireSoundProtocol` refuses
 */
export function proposeStudy(
  { command, caller, at }: Asked<'StudyContract:proposeStudy'>,
  facts: Readonly<{
    unregistered: readonly Msp[];
    newest: StudyVersion | undefined;
    firstRound: Round | undefined;
  }>,
): Decision {
  const { study, protocol } = command;
  const { newest } = facts;
  requireMember(study, protocol.members, caller.msp);
  const unknown = facts.unregistered[0];
  if (unknown !== undefined) throw refusal('HOSPITAL_UNKNOWN', { msp: unknown });
  requireSoundProtocol(protocol);
  const protocolHash = canonicalDigest(protocol);
  if (newest) {
    requireSameMembers(study, newest, protocol.members, caller.msp);
    if (newest.protocolHash === protocolHash) return standing(newest);
    if (facts.firstRound) throw refusal('STUDY_RUNNING', { study });
  }
  const version = (newest?.version ?? 0) + 1;
  const proposedBy = { msp: caller.msp, id: caller.id };
  const record: StudyVersion = { study, version, protocol, protocolHash, proposedBy, proposedAt: at };
  const head: Study = { study, versions: version };
  return { record, writes: [write.study(head), write.studyVersion(record)] };
}

function requireSameMembers(study: string, newest: StudyVersion, members: readonly Msp[], caller: Msp): void {
  const before = newest.protocol.members;
  if (!before.includes(caller)) throw refusal('STUDY_ID_TAKEN', { study, msp: newest.proposedBy.msp });
  if (canonicalJson(before) !== canonicalJson(members))
    throw refusal('STUDY_MEMBERS_CHANGED', { study, members: before.join(', ') });
}

/**
 * A compliance officer's signature. It stands: the same officer's same words again change nothing, others are refused.
 * @throws ConsiliumError STUDY_VERSION_UNKNOWN, STUDY_VERSION_REPLACED, NOT_A_MEMBER, PROTOCOL_HASH_MISMATCH,
 *   ALREADY_APPROVED
 */
export function approveStudy(
  { command, caller, at }: Asked<'StudyContract:approveStudy'>,
  facts: Readonly<{ newest: StudyVersion; own: Approval | undefined }>,
): Decision {
  const { study, version, protocolHash, meaning, reason } = command;
  const { newest, own } = facts;
  if (version > newest.version) throw refusal('STUDY_VERSION_UNKNOWN', { study, version });
  if (version < newest.version) throw refusal('STUDY_VERSION_REPLACED', { study, version, newest: newest.version });
  requireMember(study, newest.protocol.members, caller.msp);
  if (protocolHash !== newest.protocolHash)
    throw refusal('PROTOCOL_HASH_MISMATCH', { study, version, expected: newest.protocolHash, found: protocolHash });
  const { msp, id: approvedBy } = caller;
  const record: Approval = { study, version, msp, protocolHash, meaning, reason, approvedBy, approvedAt: at };
  if (!own) return { record, writes: [write.approval(record)] };
  if (canonicalJson({ ...record, approvedAt: own.approvedAt }) === canonicalJson(own)) return standing(own);
  throw refusal('ALREADY_APPROVED', { msp, version, study });
}
