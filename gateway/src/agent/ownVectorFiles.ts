/** Which files hold this hospital's own vector of a round. */
import type { Digest, StudyId } from '@consilium/domain';
import type { Journal } from './ports.js';
import { journaledReceipt, journaledVector, journaledVectorFile } from './roundJournal.js';
import type { RoundView } from './studyView.js';

/** Those that are nobody else's too: two hospitals whose rows say nothing may make the same bytes. */
export function ownVectorFiles(
  journal: Pick<Journal, 'get'>,
  study: StudyId,
  { number, facts, protocol }: RoundView,
): Digest[] {
  const made = [journaledVector(journal, study, number), journaledVectorFile(journal, study, number)];
  const others = new Set<Digest | undefined>([
    ...[...facts.contributions.values()].map(({ vectorDigest }) => vectorDigest),
    ...protocol.members.map((msp) => journaledReceipt(journal, study, number, msp)),
  ]);
  return [...new Set(made)].flatMap((digest) => (digest === undefined || others.has(digest) ? [] : [digest]));
}
