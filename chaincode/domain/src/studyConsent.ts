/** What a study says about consent: which use it makes of patients' data. Approved with the protocol, so the matcher needs no ontology. */
import { z } from 'zod';
import { DataClass, LegalBasis } from './consent.js';
import { Instant } from './ids.js';

/** A disease term with all its ancestors, such as MONDO ids: approved with the protocol. */
export const DiseaseTerm = z.strictObject({
  id: z.string().min(1).max(100),
  label: z.string().max(200).default(''),
  /** Every ancestor of the term, without itself: the closure. */
  ancestors: z.array(z.string().min(1).max(100)).max(200).default([]),
});
export type DiseaseTerm = z.infer<typeof DiseaseTerm>;

const Names = z.array(z.string().min(1).max(100)).max(50).default([]);

/** What a study asks for, as far as patients' terms can depend on it. What is left out is false or empty. */
export const StudyUse = z.strictObject({
  /** Diseases that it is about; empty: none in particular. */
  diseases: z.array(DiseaseTerm).max(50).default([]),
  /** Whether the use is commercial. */
  commercial: z.boolean().default(false),
  /** Whether every user is a not-for-profit organisation. */
  notForProfitUsers: z.boolean().default(true),
  /** Developing methods or software is (part of) its aim. */
  methodsDevelopment: z.boolean().default(false),
  /** Population origins or ancestry is (part of) its aim. */
  ancestryResearch: z.boolean().default(false),
  /** Its results guide the care of these patients. */
  clinicalCare: z.boolean().default(false),
  /** Genotypes are part of what it looks at. */
  geneticStudy: z.boolean().default(false),
  /** An ethics board approved it. */
  ethicsApproval: z.boolean().default(false),
  /** Collaborates with the primary investigators of the data. */
  collaboration: z.boolean().default(false),
  /** Results are published, and not before this instant (null: at once). */
  publishes: z.boolean().default(false),
  publishesNotBefore: Instant.nullable().default(null),
  /** Derived data is returned to the hospital. */
  returnsResults: z.boolean().default(false),
  /** ISO 3166-1 alpha-2 codes of the countries it is done in. */
  regions: Names,
  users: Names,
  institutions: Names,
  projects: Names,
  /** Kinds of research, in words that hospitals and consents share. */
  researchTypes: Names,
});
export type StudyUse = z.infer<typeof StudyUse>;

/** What follows when a patient withdraws who was in rounds already. */
export const OnWithdrawal = z.enum(['flag', 'retrain', 'keep']);
export type OnWithdrawal = z.infer<typeof OnWithdrawal>;

/** Where a protocol has this, each hospital takes only patients whose consent allows the study. */
export const StudyConsent = z.strictObject({
  legalBasis: LegalBasis.default('consent'),
  dataClasses: z.array(DataClass).max(40).default([]),
  use: StudyUse.prefault({}),
  /**
   * `flag`: touched versions are shown as such. `retrain`: the next round starts from the last version that none of the
   * withdrawn was part of. `keep`: they stand; the withdrawn are in no later cohort, as always.
   */
  onWithdrawal: OnWithdrawal.default('flag'),
});
export type StudyConsent = z.infer<typeof StudyConsent>;
