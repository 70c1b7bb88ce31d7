/**
 * What a FHIR Consent says, whatever the version: the model between the two codecs. Its terms are the domain's, so the
 * matcher decides on them; README.md has the table of what becomes what.
 */
import type { ConsentContent, ConsentTerm, DataClass, Instant } from '@consilium/domain';
import type { Coding, Concept, Extension, Identifier, Json, Reference } from './fhirTypes.js';

/**
 * `refused`: the patient said no (R4 `rejected`; R5 `active` with the decision `deny`). `proposed` is R4's alone, `not-done`
 * and `unknown` are R5's.
 */
export type StatementStatus =
  | 'draft'
  | 'proposed'
  | 'active'
  | 'refused'
  | 'inactive'
  | 'not-done'
  | 'entered-in-error'
  | 'unknown';

export type Verification = Readonly<{
  verified: boolean;
  type?: Concept;
  by?: Reference;
  with?: Reference;
  dates: readonly string[];
}>;

export type PolicyNamed = Readonly<{ authority?: string; uri?: string }>;

/** Where the consent stands written: an attachment or a document, questionnaire or other consent. */
export type Source = Readonly<{ attachment: Json } | { reference: Reference }>;

export type ConsentStatement = Readonly<{
  /** The resource's own id. */
  id: string | null;
  status: StatementStatus;
  identifiers: readonly Identifier[];
  patient: Reference;
  scope: Concept;
  categories: readonly Concept[];
  /** When it was agreed upon, as precise as it was written. */
  dateTime: string | null;
  grantors: readonly Reference[];
  grantees: readonly Reference[];
  managers: readonly Reference[];
  controllers: readonly Reference[];
  source: Source | null;
  policies: readonly PolicyNamed[];
  regulatoryBasis: readonly Concept[];
  verifications: readonly Verification[];
  /** What holds for all that no exception names; null: the policy alone says. */
  decision: 'permit' | 'deny' | null;
  validFrom: Instant | null;
  validTo: Instant | null;
  /** Codes of `consentaction` that are allowed; empty: all. */
  actions: readonly string[];
  /** What is allowed, and under which conditions; empty with `deny`. */
  terms: readonly ConsentTerm[];
  dataClasses: readonly DataClass[];
  evidence: ConsentContent['evidence'];
  effectiveFrom: Instant | null;
  /** `meta.tag`, such as that it is synthetic. */
  labels: readonly Coding[];
  securityLabels: readonly Coding[];
  /** Extensions of the resource that mean nothing here: carried along. */
  extensions: readonly Extension[];
}>;
