/**
 * The trial as a history of consents: what its sites' data stewards would import.
 *
 * The trial's tables tell two things apart that a hospital tells apart too. `participation`: consent to take part in the trial
 * ends with the subject's part in it, however that ended. `data-use`: consent to use of what was collected goes on after
 * that, for those who completed as for those whom a doctor took out; it ends for the 27 who withdrew it themselves.
 */
import {
  type ConsentKind,
  type ConsentReason,
  type ConsentTerm,
  canonicalDigest,
  type Digest,
  DUO,
} from '@consilium/domain';
import { type TrialSubject, WITHDRAWAL } from './trialSubjects.js';

export type Consent = 'participation' | 'data-use';

/** As a gateway takes it in. */
export type TrialConsentOrder = Readonly<{
  patient: string;
  kind: ConsentKind;
  reason: ConsentReason;
  terms?: readonly ConsentTerm[];
  effectiveFrom: number;
  meaning: 'transcribed';
  evidence: Readonly<{ source: 'electronic'; hash: Digest }>;
}>;

/** What the trial is about, and what its consents name. */
export const ALZHEIMER = { id: 'MONDO:0004975', label: 'Alzheimer disease' } as const;
const TERMS: readonly ConsentTerm[] = [{ code: DUO.DS, values: [ALZHEIMER.id] }];

/** All events of a subject, in the order in which they took effect. The evidence is the row that it stands in. */
export function consentOrdersOf(subject: TrialSubject, consent: Consent): TrialConsentOrder[] {
  const { patient, demographics, disposition, consentedAt, endedAt } = subject;
  const meaning = 'transcribed';
  const granted: TrialConsentOrder = {
    patient,
    kind: 'grant',
    reason: 'imported-from-record',
    terms: TERMS,
    effectiveFrom: consentedAt,
    meaning,
    evidence: { source: 'electronic', hash: canonicalDigest(demographics) },
  };
  const kind = endingOf(subject);
  if (consent === 'data-use' && kind === 'expire') return [granted];
  const evidence = { source: 'electronic', hash: canonicalDigest(disposition) } as const;
  return [granted, { patient, kind, reason: reasonOf(subject), effectiveFrom: endedAt, meaning, evidence }];
}

/** Only what the trial calls a withdrawal by the subject is one; whatever else ended a part in it lets the consent expire. */
function endingOf({ disposition }: TrialSubject): 'withdraw' | 'expire' {
  return disposition.DSDECOD === WITHDRAWAL ? 'withdraw' : 'expire';
}

/** A site's own words tell who asked: family and caregivers do so for some of these patients. */
function reasonOf({ disposition: { DSDECOD, DSTERM } }: TrialSubject): ConsentReason {
  if (DSDECOD === 'DEATH') return 'patient-died';
  if (DSDECOD !== WITHDRAWAL) return 'study-ended';
  return /CAREGIVER|FAMILY/.test(DSTERM) ? 'representative-asked' : 'patient-asked';
}
