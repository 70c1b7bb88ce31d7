/** Vectors of this hospital's own that were not contributed, and never will be: where patients must consent, they are removed. */
import type { Digest, Msp } from '@consilium/domain';
import { isConsentReason } from './cohortStanding.js';
import type { Journal } from './ports.js';
import {
  journaledAbstention,
  journaledContribution,
  journaledReceipt,
  journaledVector,
  journaledVectorFile,
} from './roundJournal.js';
import { areSurvivorsFixed, type RoundView, type StudyView } from './studyView.js';

type JournalReader = Pick<Journal, 'get'>;

/** Files that this hospital wrote its vector of a round to. */
export function vectorFiles(journal: JournalReader, { study }: StudyView, round: number): Digest[] {
  const files = [journaledVector(journal, study, round), journaledVectorFile(journal, study, round)];
  return [...new Set(files)].filter((digest) => digest !== undefined);
}

/**
 * Files of a round that nobody needs: the round was sat out for a patient's sake, unless the vector may have been sent
 * already, or it is over. Bytes that another round, or another hospital, has the same of are left.
 */
export function uselessVectors(journal: JournalReader, view: StudyView, msp: Msp, round: RoundView): Digest[] {
  if (!round.protocol.consent || !isUseless(journal, view, msp, round)) return [];
  const others = othersVectors(journal, view, round);
  return vectorFiles(journal, view, round.number).filter(
    (digest) => !others.has(digest) && !isNeededElsewhere(journal, view, msp, round.number, digest),
  );
}

function isUseless(journal: JournalReader, { study }: StudyView, msp: Msp, round: RoundView): boolean {
  const { facts, number } = round;
  if (facts.contributions.has(msp)) return false;
  const isGivenUp =
    isConsentReason(journaledAbstention(journal, study, number)) &&
    journaledContribution(journal, study, number) === undefined;
  return isGivenUp || areSurvivorsFixed(round);
}

/** Other hospitals whose rows say the same may have made the same bytes. */
function othersVectors(journal: JournalReader, { study }: StudyView, round: RoundView): Set<Digest | undefined> {
  const { facts, protocol, number } = round;
  return new Set([
    ...[...facts.contributions.values()].map(({ vectorDigest }) => vectorDigest),
    ...protocol.members.map((msp) => journaledReceipt(journal, study, number, msp)),
  ]);
}

/** Sums of the same rows are the same in a round that is done again. */
function isNeededElsewhere(journal: JournalReader, view: StudyView, msp: Msp, round: number, digest: Digest): boolean {
  for (let number = view.newest?.number ?? 0; number > 0; number -= 1) {
    if (number === round || !vectorFiles(journal, view, number).includes(digest)) continue;
    const other = view.round(number);
    if (other && !isUseless(journal, view, msp, other)) return true;
  }
  return false;
}
