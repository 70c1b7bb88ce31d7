/** What a pack is about, checked kind by kind. */
import type { Subject } from '../pack/about.js';
import { checkRecomputation } from '../rounds/recomputationSubject.js';
import { checkCohort } from './cohortSubject.js';
import { checkConsent } from './consentSubject.js';
import type { Evidence } from './evidence.js';
import { checkMembership } from './membershipSubject.js';
import { checkRound } from './roundSubject.js';

export function checkSubject(subject: Subject, evidence: Evidence): void {
  const { report } = evidence;
  if (subject.kind === 'consent') report.try('consent', () => checkConsent(subject, evidence));
  if (subject.kind === 'membership') report.try('cohorts', () => checkMembership(subject, evidence));
  if (subject.kind === 'cohort') report.try('cohort', () => checkCohort(subject, evidence));
  if (subject.kind === 'recomputation') report.try('round', () => checkRecomputation(subject, evidence));
  if (subject.kind === 'round') report.try('round', () => checkRound(subject, evidence));
}
