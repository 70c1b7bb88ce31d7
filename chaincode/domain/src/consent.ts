/**
 * Consent as the channel knows it: policies, events, and what hangs on them. A patient stands here as a random ref and
 * salted commitments; what they open to is kept in the hospital.
 */
import { z } from 'zod';
import { Digest, Instant, Msp, RoundNumber, StudyId } from './ids.js';
import {
  CONSENT_CODES_MAX,
  CONSENT_EVENTS_PER_TRANSACTION_MAX,
  CONSENT_TERM_VALUES_MAX,
  REASON_CHARACTERS_MAX,
} from './limits.js';
import { Role } from './roles.js';

/** A patient's record in one hospital: 128 random bits in hexadecimal digits, not derived from the patient. */
export const ConsentRef = z
  .string()
  .regex(/^[0-9a-f]{32}$/, 'a consent ref: 32 lower case hexadecimal digits')
  .brand<'ConsentRef'>();
export type ConsentRef = z.infer<typeof ConsentRef>;

/** The secret that opens a patient's commitments: 256 random bits in hexadecimal digits. Never leaves the hospital unless for an audit. */
export const ConsentSalt = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'a salt: 64 lower case hexadecimal digits')
  .brand<'ConsentSalt'>();
export type ConsentSalt = z.infer<typeof ConsentSalt>;

/** A code of the GA4GH Data Use Ontology, such as `DUO:0000007`. */
export const DuoCode = z.string().regex(/^DUO:\d{7}$/, 'a DUO code such as DUO:0000007');
export type DuoCode = z.infer<typeof DuoCode>;

/** One permission or restriction of a consent, with the values that some need: diseases, regions, users, dates. */
export const ConsentTerm = z.strictObject({
  code: DuoCode,
  values: z.array(z.string().min(1).max(100)).max(CONSENT_TERM_VALUES_MAX).default([]),
});
export type ConsentTerm = z.infer<typeof ConsentTerm>;

/** A kind of data, in the hospital's own words: `laboratory`, `imaging`, `genome`. */
export const DataClass = z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, 'a data class: lower case letters, digits, dashes');
export type DataClass = z.infer<typeof DataClass>;

export const LegalBasis = z.enum(['consent', 'ehds-permit']);
export type LegalBasis = z.infer<typeof LegalBasis>;

/** What a compliance officer publishes: what this hospital lets its patients' data be used for, and on which words. */
export const ConsentPolicyText = z.strictObject({
  title: z.string().min(1).max(200),
  /** SHA-256 of the text that patients were given. */
  textHash: Digest,
  /** Purposes of studies that the hospital takes part in, as DUO permission codes. */
  permittedPurposes: z.array(DuoCode).max(CONSENT_CODES_MAX),
  dataClasses: z.array(DataClass).max(40),
  legalBasis: LegalBasis,
  /** What a patient without any event means. `permit` only under an EHDS permit, where patients opt out. */
  silence: z.enum(['deny', 'permit']).default('deny'),
  /** `ledger`: every event stands on the channel. `roots`: only a Merkle root of each batch, the events stay at home. */
  placement: z.enum(['ledger', 'roots']).default('ledger'),
  /** Whether openings are also kept, encrypted, in the hospital's own private data collection. */
  privateCopy: z.boolean().default(false),
  /** Days after its last event that a record must be kept: until then it is not erased. */
  retentionDays: z.int().min(0).max(36_500).default(0),
});
export type ConsentPolicyText = z.infer<typeof ConsentPolicyText>;

/** What stands under `policy~MSP`. */
export const ConsentPolicyHead = z.strictObject({ msp: Msp, versions: z.int().min(1) });
export type ConsentPolicyHead = z.infer<typeof ConsentPolicyHead>;

const Signer = z.strictObject({ id: z.string(), role: Role });

/** What stands under `policy~MSP~version`. */
export const ConsentPolicy = z.strictObject({
  msp: Msp,
  version: z.int().min(1),
  ...ConsentPolicyText.shape,
  /** Whether it allows less than the version before: then the restriction epoch grew. */
  restricts: z.boolean(),
  publishedBy: Signer,
  publishedAt: Instant,
});
export type ConsentPolicy = z.infer<typeof ConsentPolicy>;

/**
 * `grant`: first consent, or a new one after a withdrawal. `change`: other terms. `withdraw`, `expire`: ends it.
 * `opt-out`, `opt-in`: under an EHDS permit, where silence permits.
 */
export const ConsentKind = z.enum(['grant', 'change', 'withdraw', 'expire', 'opt-out', 'opt-in']);
export type ConsentKind = z.infer<typeof ConsentKind>;

/** Kinds that end what was allowed, whatever else they say. */
export const ENDING_KINDS = ['withdraw', 'expire', 'opt-out'] as const satisfies readonly ConsentKind[];

/** Why an event was recorded: coded, so that no word about a patient reaches the channel. */
export const ConsentReason = z.enum([
  'patient-asked',
  'representative-asked',
  'imported-from-paper',
  'imported-from-record',
  'correction',
  'validity-ended',
  'study-ended',
  'patient-died',
  'court-order',
  'policy-changed',
]);
export type ConsentReason = z.infer<typeof ConsentReason>;

/** What the signature under an event means, in the sense of 21 CFR 11.50. */
export const SignatureMeaning = z.enum(['recorded', 'witnessed', 'transcribed', 'corrected', 'approved']);
export type SignatureMeaning = z.infer<typeof SignatureMeaning>;

/**
 * What an event says, kept in the hospital. The channel holds its commitment: SHA-256(0x04 ‖ salt ‖ SHA-256(canonical
 * JSON of this)). See `consentCommitment`.
 */
export const ConsentContent = z.strictObject({
  schemaVersion: z.literal(1),
  msp: Msp,
  ref: ConsentRef,
  seq: z.int().min(0),
  kind: ConsentKind,
  /** SHA-256(0x05 ‖ salt ‖ UTF-8 of the hospital's own patient number): ties the record to the patient. */
  subject: Digest,
  terms: z.array(ConsentTerm).max(CONSENT_CODES_MAX),
  /** Classes of data that it covers; empty: all that the policy names. */
  dataClasses: z.array(DataClass).max(40),
  policyVersion: z.int().min(1),
  validFrom: Instant.nullable(),
  validTo: Instant.nullable(),
  effectiveFrom: Instant,
  /** Where it came from, and the SHA-256 of the evidence: a scan, a form, a FHIR Consent in canonical JSON. */
  evidence: z.strictObject({ source: z.enum(['paper', 'electronic', 'fhir', 'spoken']), hash: Digest }).nullable(),
});
export type ConsentContent = z.infer<typeof ConsentContent>;

/** An event as a hospital hands it in. Codes stand without their values: a disease that a consent names tells about a patient. */
export const ConsentEventInput = z.strictObject({
  ref: ConsentRef,
  /** 0 for the ref's first event; each next one is one more. */
  seq: z.int().min(0).max(9_999_999_999),
  kind: ConsentKind,
  commitment: Digest,
  codes: z.array(DuoCode).max(CONSENT_CODES_MAX),
  policyVersion: z.int().min(1),
  validFrom: Instant.nullable(),
  validTo: Instant.nullable(),
  /** Clinical date: a grant from paper may lie in the past. A withdrawal takes effect at the earlier of this and its recording. */
  effectiveFrom: Instant,
  /** Of a change: whether it allows less than before. */
  narrows: z.boolean().default(false),
  meaning: SignatureMeaning,
  reason: ConsentReason,
});
export type ConsentEventInput = z.infer<typeof ConsentEventInput>;

/** What stands under `consent~MSP~ref~seq`. Written once. */
export const ConsentEvent = z.strictObject({
  msp: Msp,
  ...ConsentEventInput.omit({ narrows: true }).shape,
  /** The event that it follows; null for the first. */
  supersedes: z.int().min(0).nullable(),
  /** Whether the restriction epoch grew with it. */
  restricts: z.boolean(),
  recordedBy: Signer,
  /** The transaction's time, within CLOCK_SKEW_MS_MAX of the endorsers'. */
  recordedAt: Instant,
});
export type ConsentEvent = z.infer<typeof ConsentEvent>;

/** What is answered to a batch: how many of its events were recorded now, how many stood already, and the epoch where it grew. */
export const ConsentReceipt = z.strictObject({
  msp: Msp,
  recorded: z.int().min(0),
  standing: z.int().min(0),
  /** The restriction epoch that this batch made; null: nothing in it restricts. */
  epoch: z.int().min(1).nullable(),
});
export type ConsentReceipt = z.infer<typeof ConsentReceipt>;

export const ConsentEvents = z.array(ConsentEventInput).min(1).max(CONSENT_EVENTS_PER_TRANSACTION_MAX);

/** What stands under `consentroot~MSP~k`: a batch whose events are kept at home. Leaves are `consentLeaf` of each event. */
export const ConsentBatch = z.strictObject({
  msp: Msp,
  batch: z.int().min(0).max(9_999_999_999),
  root: Digest,
  count: z.int().min(1).max(1_000_000),
  policyVersion: z.int().min(1),
  restricts: z.boolean(),
  recordedBy: Signer,
  recordedAt: Instant,
});
export type ConsentBatch = z.infer<typeof ConsentBatch>;

/** What stands under `epoch~MSP`: how often what this hospital allows became less. */
export const RestrictionEpoch = z.strictObject({ msp: Msp, epoch: z.int().min(1) });
export type RestrictionEpoch = z.infer<typeof RestrictionEpoch>;

/** Article of a law that a legal hold or an erasure rests on. */
export const LegalGround = z.enum([
  'gdpr-17-1-a',
  'gdpr-17-1-b',
  'gdpr-17-1-c',
  'gdpr-17-1-d',
  'gdpr-17-1-e',
  'gdpr-17-3-b',
  'gdpr-17-3-d',
  'gdpr-17-3-e',
]);
export type LegalGround = z.infer<typeof LegalGround>;

/** Free words that stand on the ledger: never about a patient. */
export const OfficerReason = z.string().max(REASON_CHARACTERS_MAX);

/** What stands under `hold~MSP~ref`: while it stands, the record is not erased. */
export const LegalHold = z.strictObject({
  msp: Msp,
  ref: ConsentRef,
  /** False: lifted. */
  stands: z.boolean(),
  ground: LegalGround,
  /** Null: until it is lifted. */
  until: Instant.nullable(),
  reason: OfficerReason,
  setBy: Signer,
  setAt: Instant,
});
export type LegalHold = z.infer<typeof LegalHold>;

/** What stands under `tombstone~MSP~ref`: nothing ties the ref to a patient any more. */
export const Tombstone = z.strictObject({
  msp: Msp,
  ref: ConsentRef,
  ground: LegalGround,
  /** SHA-256 of the receipt that the patient was given. */
  receiptHash: Digest,
  erasedBy: Signer,
  erasedAt: Instant,
});
export type Tombstone = z.infer<typeof Tombstone>;

/** What stands under `readlog~MSP~day`: the head of the hospital's hash-chained log of its officers' reads. */
export const ReadLogHead = z.strictObject({
  msp: Msp,
  day: z.iso.date(),
  head: Digest,
  entries: z.int().min(0),
  anchoredAt: Instant,
});
export type ReadLogHead = z.infer<typeof ReadLogHead>;

/** What stands under `permit~study~MSP`: a data permit after article 68 of the EHDS regulation. */
export const DataPermit = z.strictObject({
  study: StudyId,
  msp: Msp,
  permitId: z.string().min(1).max(100),
  /** Opt-outs after this do not end the study's use. */
  approvedAt: Instant,
  recordedBy: Signer,
  recordedAt: Instant,
});
export type DataPermit = z.infer<typeof DataPermit>;

/**
 * What stands under `withdrawal~study~MSP~k`: patients of this hospital withdrew who were in rounds from this one on. How
 * many and who they are is not told.
 */
export const WithdrawalReport = z.strictObject({
  study: StudyId,
  msp: Msp,
  report: z.int().min(0).max(9_999_999_999),
  /** The first round whose cohort held one of them. */
  fromRound: RoundNumber,
  /** The last round whose cohort held one of them. */
  toRound: RoundNumber,
  at: Instant,
});
export type WithdrawalReport = z.infer<typeof WithdrawalReport>;

/** The commitment to a cohort, where consent applies. */
export const CohortCommitment = z.strictObject({
  /** `SHA-256(0x03 ‖ count ‖ root)` of the tree of positions: see `cohortTree`. */
  root: Digest,
  /** The cohort's size, coarse: see `sizeBucketOf`. */
  sizeBucket: z.string().max(20),
  restrictionEpoch: z.int().min(0),
  /** The hospital's policy version that it was selected under. */
  policyVersion: z.int().min(1),
  purposes: z.array(DuoCode).max(CONSENT_CODES_MAX),
});
export type CohortCommitment = z.infer<typeof CohortCommitment>;
