/** Votes of compliance officers, one for each hospital and subject. A vote is carried by t of the N members. */
import { canonicalJson, majority, refusal, type StudyProtocol, type Vote } from '@consilium/domain';
import { requireMember } from './members.js';
import type { Asked } from './permissions.js';
import { type Decision, standing, write } from './records.js';

export function isCarried(protocol: Pick<StudyProtocol, 'members'>, votes: readonly Vote[]): boolean {
  return votes.filter(({ yes }) => yes).length >= majority(protocol);
}

/** Whether a vote takes back a yes. Only that can undo a vote, so only then are the others' votes read. */
export function takesBack(command: Readonly<{ yes: boolean }>, own: Vote | undefined): boolean {
  return own?.yes === true && !command.yes;
}

/**
 * A vote may be changed until the subject is carried; then it stands.
 * @param facts.votes all votes on the subject, where this one takes back a yes
 * @throws ConsiliumError NOT_A_MEMBER, VOTE_CLOSED
 */
export function castVote(
  { command, caller, at }: Asked<'StudyContract:castVote'>,
  facts: Readonly<{ protocol: StudyProtocol; own: Vote | undefined; votes: readonly Vote[] }>,
): Decision {
  const { study, subject, yes, reason } = command;
  const { protocol, own, votes } = facts;
  requireMember(study, protocol.members, caller.msp);
  const record: Vote = { study, subject, msp: caller.msp, yes, reason, castBy: caller.id, castAt: at };
  if (own && canonicalJson({ ...record, castAt: own.castAt }) === canonicalJson(own)) return standing(own);
  if (takesBack(command, own) && isCarried(protocol, votes)) throw refusal('VOTE_CLOSED', { subject, study });
  return { record, writes: [write.vote(record)] };
}
