/** What a pack is about, checked kind by kind. */
import type { Chain } from '../chain/chain.js';
import type { Questions } from '../evidence/questions.js';
import type { Subject } from '../pack/about.js';
import type { Entries } from '../pack/entries.js';
import type { Authors } from '../pack/packAuthors.js';
import type { Report } from '../pack/report.js';
import { checkCohort } from './cohortSubject.js';
import { checkConsent } from './consentSubject.js';
import { checkMembership } from './membershipSubject.js';
import { checkRound } from './roundSubject.js';

export type Evidence = Readonly<{
  entries: Entries;
  questions: Questions;
  authors: Authors;
  chain: Chain;
  report: Report;
}>;

export function checkSubject(subject: Subject, evidence: Evidence): void {
  const { report } = evidence;
  if (subject.kind === 'consent') report.try('consent', () => checkConsent(subject, evidence));
  if (subject.kind === 'membership') report.try('cohorts', () => checkMembership(subject, evidence));
  if (subject.kind === 'cohort') report.try('cohort', () => checkCohort(subject, evidence));
  if (subject.kind === 'round') report.try('round', () => checkRound(subject, evidence));
}
