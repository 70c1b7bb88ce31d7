/** What the consent store takes and gives. */
import {
  CONSENT_CODES_MAX,
  type CohortCommitment,
  ConsentContent,
  type ConsentEventInput,
  ConsentKind,
  ConsentReason,
  type ConsentRef,
  type ConsentSalt,
  ConsentTerm,
  DataClass,
  type Digest,
  Instant,
  type LegalGround,
  type Msp,
  type Role,
  SignatureMeaning,
  type StudyId,
} from '@consilium/domain';
import { z } from 'zod';
import {
  CONSENT_NOTE_CHARACTERS_MAX,
  CONSENT_RESOURCE_BYTES_MAX,
  PATIENT_NUMBER_CHARACTERS_MAX,
} from './consentLimits.js';

/** Someone of this hospital, by the name that the gateway's configuration gives. */
export type By = Readonly<{ name: string; role: Role | undefined }>;
/** A patient by the hospital's own number, or one of its records. */
export type Who = Readonly<{ patient: string }> | Readonly<{ ref: ConsentRef }>;

export const PatientNumber = z
  .string()
  .min(1)
  .max(PATIENT_NUMBER_CHARACTERS_MAX)
  .refine((text) => text.isWellFormed(), { error: 'no lone surrogates' });

/** A resource as it came: kept, and given out again. */
const KeptResource = z.strictObject({
  version: z.enum(['4.0', '5.0']),
  resource: z.json().refine((value) => Buffer.byteLength(JSON.stringify(value)) <= CONSENT_RESOURCE_BYTES_MAX, {
    error: `at most ${CONSENT_RESOURCE_BYTES_MAX} bytes`,
  }),
});

/** What is to be recorded of a patient. */
export const ConsentOrder = z.strictObject({
  patient: PatientNumber,
  kind: ConsentKind,
  reason: ConsentReason,
  /** Of a grant or a change; others say nothing. */
  terms: z.array(ConsentTerm).max(CONSENT_CODES_MAX).default([]),
  dataClasses: z.array(DataClass).max(40).default([]),
  /** Absent: the newest; of what ends, the one that it ends. */
  policyVersion: z.int().min(1).optional(),
  validFrom: Instant.nullable().default(null),
  validTo: Instant.nullable().default(null),
  /** Absent: now. */
  effectiveFrom: Instant.optional(),
  meaning: SignatureMeaning.default('recorded'),
  evidence: ConsentContent.shape.evidence.default(null),
  /** Stays in the hospital. */
  note: z.string().max(CONSENT_NOTE_CHARACTERS_MAX).optional(),
  fhir: KeptResource.optional(),
});
export type ConsentOrder = z.input<typeof ConsentOrder>;
export type ParsedOrder = z.output<typeof ConsentOrder>;
export type KeptResource = z.output<typeof KeptResource>;

/** `waiting` for the channel; `committed` there; `refused` by it, for good. */
export type EventState = 'waiting' | 'committed' | 'refused';

export type RecordedEvent = Readonly<{
  ref: ConsentRef;
  seq: number;
  kind: ConsentKind;
  state: EventState;
  /** When it took effect in this hospital; null: it does once it is committed. */
  effectiveHereAt: Instant | null;
}>;
export type RecordingReceipt = Readonly<{
  /** In the order of what was asked. */
  events: readonly RecordedEvent[];
  /** How many events wait for the channel now, of all patients. */
  waiting: number;
}>;

export type LedgerPlace = Readonly<{ block: number; transactionId: string; recordedAt: Instant }>;

/** An event as the store keeps it. */
export type StoredEvent = Readonly<{
  ref: ConsentRef;
  seq: number;
  kind: ConsentKind;
  content: ConsentContent;
  input: ConsentEventInput;
  note: string | null;
  fhir: KeptResource | null;
  recordedBy: Readonly<{ name: string; role: Role | null }>;
  recordedHereAt: Instant;
  /** Whether it made less allowed, and acted here at once. */
  restricts: boolean;
  state: EventState;
  /** The code that the channel refused it with. */
  refusedWith: string | null;
  ledger: LedgerPlace | null;
  /** The batch whose root stands for it, where events stay at home. */
  batch: number | null;
}>;

export type Opening = Readonly<{ ref: ConsentRef; salt: ConsentSalt }>;

/** A page of anything. */
export type Asked = Readonly<{ cursor?: string | undefined; items: number }>;
export type Page<Item> = Readonly<{ items: readonly Item[]; cursor: string | null; total: number }>;

export type RecordHead = Readonly<{ ref: ConsentRef; patient: string; madeAt: Instant; events: number }>;

export type DecisionHead = Readonly<{
  id: number;
  study: StudyId;
  round: number;
  at: Instant;
  commitment: CohortCommitment;
  /** SHA-256 of the list of decisions, which stays in the hospital: `decisionListHash`. */
  listHash: Digest;
  allowed: number;
  denied: number;
  abstained: number;
  /** Patients of whom nothing is on file, and silence denies: they are only counted. */
  withoutRecord: number;
}>;

export type DecisionReason = Readonly<{ code: string; text: string }>;
export type DecisionAnswer = 'allow' | 'deny' | 'abstain';
/** Records that got the same answer for the same reasons. */
export type DecisionGroup = Readonly<{
  answer: DecisionAnswer;
  reasons: readonly DecisionReason[];
  refs: readonly ConsentRef[];
}>;
export type DecisionList = DecisionHead & Readonly<{ groups: readonly DecisionGroup[] }>;

export type CohortUse = Readonly<{
  study: StudyId;
  round: number;
  selectedAt: Instant;
  root: Digest;
  policyVersion: number;
  purposes: readonly string[];
  /** Whether this hospital joined the round with this cohort. */
  joined: boolean;
}>;

/** What a withdrawal cannot undo. */
export type Touched = Readonly<{ study: StudyId; rounds: readonly number[]; versions: readonly number[] }>;

export type Ended = 'by-event' | 'by-its-terms';

/** `by-its-terms`: the event's validity, or its limit in months, is over, and none followed it by then. */
export type Withdrawal = Readonly<{
  ended: Ended;
  ref: ConsentRef;
  seq: number;
  kind: ConsentKind;
  reason: ConsentReason;
  effectiveHereAt: Instant;
  state: EventState;
  ledger: LedgerPlace | null;
}>;

export type WithdrawalsAsked = Asked &
  Readonly<{ from?: Instant | undefined; to?: Instant | undefined; ended?: Ended | undefined }>;

export const ReadKind = z.enum([
  'patient',
  'history',
  'effective',
  'uses',
  'list',
  'decisions',
  'withdrawals',
  'export',
  'evidence',
  'audit',
  'reads',
  'backup',
  'restore',
  'erasure',
  'rotation',
  'patient-page',
]);
export type ReadKind = z.infer<typeof ReadKind>;

export type ReadAsked = Readonly<{
  by: By;
  kind: ReadKind;
  ref?: ConsentRef | undefined;
  /** What was asked, in words that name no patient. */
  query?: string | undefined;
}>;
export type ReadEntry = Readonly<{
  chain: string;
  position: number;
  day: string;
  at: Instant;
  by: Readonly<{ name: string; role: Role | null }>;
  kind: ReadKind;
  ref: ConsentRef | null;
  query: string | null;
  hash: Digest;
}>;

export const Disclosure = z.strictObject({
  patient: PatientNumber,
  at: Instant,
  recipient: z.string().min(1).max(500),
  /** Null: not known. */
  recipientAddress: z.string().min(1).max(500).nullable(),
  /** What was disclosed, in short; null: nobody said. */
  description: z.string().min(1).max(500).nullable(),
  purpose: z.string().min(1).max(500),
  basis: z.string().min(1).max(200),
  resource: KeptResource.nullable(),
});
export type Disclosure = z.infer<typeof Disclosure>;
export type KeptDisclosure = Omit<Disclosure, 'patient'> &
  Readonly<{ id: number; ref: ConsentRef; by: Readonly<{ name: string; role: Role | null }> }>;

export type ErasureState = 'asked' | 'tombstoned' | 'destroyed' | 'done';
/** What the patient is given. Its hash, of these members without `state` and `doneAt`, stands on the tombstone. */
export type ErasureReceipt = Readonly<{
  schemaVersion: 1;
  /** 256 random bits: the hash of the receipt tells nothing to whoever does not hold it. */
  id: string;
  msp: Msp;
  ref: ConsentRef;
  ground: LegalGround;
  reason: string;
  askedBy: string;
  askedAt: Instant;
  /** What is destroyed. */
  destroyed: readonly string[];
  receiptHash: Digest;
  state: ErasureState;
  doneAt: Instant | null;
}>;

export type RestoreReport = Readonly<{
  records: number;
  events: number;
  alreadyHere: number;
  /** Records of the backup that the channel has a tombstone of: they stay erased. */
  erasedLeftOut: number;
  decisions: number;
  reads: number;
  ledger: ReadBackReport;
}>;

/** The first of them, and how many there are. */
export type NamedRecords = Readonly<{ total: number; refs: readonly ConsentRef[] }>;

/** What the channel and the own peer know of this hospital's records, and the backup did not. */
export type ReadBackReport = Readonly<{
  /** The channel's height that this was found at. */
  height: number;
  /** `none`: no policy asks for private copies. `unreachable`: the own peer did not give them all: restore again. */
  copies: 'read' | 'none' | 'unreachable';
  /** Events that came back from private copies, without their notes and resources. */
  fromCopies: number;
  /** Records of which the channel holds events whose contents are nowhere: ask the patient anew where it is the last one. */
  withoutContents: NamedRecords;
  /** Records of the channel of which nobody can say any more whose they are: salt, key and link are lost. */
  withoutPatient: NamedRecords;
  /** Batches of events kept at home whose roots are on the channel, and whose events are not here. */
  batchesMissing: number;
}>;
