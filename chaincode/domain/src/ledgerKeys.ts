/** Keys of the channel's state: parts joined by `~`, numbers in ten digits, so that keys sort as text. */
import type { ConsentRef } from './consent.js';
import type { Msp, StudyId } from './ids.js';
import type { Phase } from './round.js';

/** A number as keys hold it. */
export function tenDigits(number: number): string {
  if (!Number.isSafeInteger(number) || number < 0 || number > 9_999_999_999)
    throw new RangeError(`no key for ${number}`);
  return String(number).padStart(10, '0');
}

export const ledgerKey = {
  hospital: (msp: Msp) => `hospital~${msp}`,
  study: (study: StudyId) => `study~${study}`,
  studyVersion: (study: StudyId, version: number) => `study~${study}~${tenDigits(version)}`,
  approval: (study: StudyId, version: number, msp: Msp) => `approval~${study}~${tenDigits(version)}~${msp}`,
  member: (study: StudyId, msp: Msp) => `member~${study}~${msp}`,
  shareKey: (study: StudyId, msp: Msp, index: number) => `sharekey~${study}~${msp}~${tenDigits(index)}`,
  spent: (study: StudyId, msp: Msp) => `spent~${study}~${msp}`,
  vote: (study: StudyId, subject: string, msp: Msp) => `vote~${study}~${subject}~${msp}`,
  round: (study: StudyId, round: number) => `round~${study}~${tenDigits(round)}`,
  join: (study: StudyId, round: number, msp: Msp) => `join~${study}~${tenDigits(round)}~${msp}`,
  contribution: (study: StudyId, round: number, msp: Msp) => `contribution~${study}~${tenDigits(round)}~${msp}`,
  reveal: (study: StudyId, round: number, msp: Msp) => `reveal~${study}~${tenDigits(round)}~${msp}`,
  attestation: (study: StudyId, round: number, msp: Msp) => `attestation~${study}~${tenDigits(round)}~${msp}`,
  close: (study: StudyId, round: number, phase: Phase) => `close~${study}~${tenDigits(round)}~${phase}`,
  model: (study: StudyId, version: number) => `model~${study}~${tenDigits(version)}`,
  policyHead: (msp: Msp) => `policy~${msp}`,
  policy: (msp: Msp, version: number) => `policy~${msp}~${tenDigits(version)}`,
  consent: (msp: Msp, ref: ConsentRef, seq: number) => `consent~${msp}~${ref}~${tenDigits(seq)}`,
  consentRoot: (msp: Msp, batch: number) => `consentroot~${msp}~${tenDigits(batch)}`,
  epoch: (msp: Msp) => `epoch~${msp}`,
  tombstone: (msp: Msp, ref: ConsentRef) => `tombstone~${msp}~${ref}`,
  hold: (msp: Msp, ref: ConsentRef) => `hold~${msp}~${ref}`,
  readLog: (msp: Msp, day: string) => `readlog~${msp}~${day}`,
  permit: (study: StudyId, msp: Msp) => `permit~${study}~${msp}`,
  withdrawal: (study: StudyId, msp: Msp, report: number) => `withdrawal~${study}~${msp}~${tenDigits(report)}`,
  /** In the hospital's own private collection, not in the channel's state. */
  opening: (ref: ConsentRef) => `opening~${ref}`,
  evaluation: (study: StudyId, round: number, msp: Msp) => `evaluation~${study}~${tenDigits(round)}~${msp}`,
} as const;

/** The range `[start, end)` of all keys that begin with these parts and go on. */
export function keyRange(...parts: readonly (string | number)[]): { start: string; end: string } {
  const prefix = parts.map((part) => (typeof part === 'number' ? tenDigits(part) : part)).join('~');
  return { start: `${prefix}~`, end: `${prefix}~\u007f` };
}
