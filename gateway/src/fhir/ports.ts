/** What FHIR needs of the hospital's consent store. `gateway/src/consent` is one; nothing here knows how it keeps things. */
import type {
  CohortCommitment,
  ConsentContent,
  ConsentEventInput,
  ConsentKind,
  ConsentReason,
  ConsentRef,
  ConsentTerm,
  DataClass,
  Digest,
  Instant,
  Msp,
  Role,
  SignatureMeaning,
  StudyId,
} from '@consilium/domain';
import type { z } from 'zod';
import type { FhirVersion } from './fhirTypes.js';

/** The hospital, as resources name it. */
export type FhirHospital = Readonly<{
  msp: Msp;
  name: string;
  /** The system of the hospital's own patient numbers, in `identifier.system`. */
  patientSystem: string;
}>;

/** How numbers of patients are named where the hospital has no system of its own. */
export const patientSystemOf = (msp: Msp): string => `urn:consilium:patient:${msp}`;

/** Who asks. */
export type By = Readonly<{ name: string; role: Role | undefined }>;
export type Who = Readonly<{ patient: string }> | Readonly<{ ref: ConsentRef }>;
/** A resource as it came. */
export type ResourceKept = { version: FhirVersion; resource: z.core.util.JSONType };

/** What was validated is JSON. */
export const keptAs = (version: FhirVersion, resource: unknown): ResourceKept => ({
  version,
  resource: resource as ResourceKept['resource'],
});

export type ConsentOrder = Readonly<{
  patient: string;
  kind: ConsentKind;
  reason: ConsentReason;
  terms?: ConsentTerm[];
  dataClasses?: DataClass[];
  policyVersion?: number;
  validFrom?: Instant | null;
  validTo?: Instant | null;
  effectiveFrom?: Instant;
  meaning?: SignatureMeaning;
  evidence?: ConsentContent['evidence'];
  fhir?: ResourceKept;
}>;

export type EventState = 'waiting' | 'committed' | 'refused';
export type EventRecorded = Readonly<{
  ref: ConsentRef;
  seq: number;
  kind: ConsentKind;
  state: EventState;
  /** Null: a grant, which acts once it is committed. */
  effectiveHereAt: Instant | null;
}>;

/** Who did it; the role is what the certificate said then. */
export type Recorder = Readonly<{ name: string; role: Role | null }>;

export type EventKept = Readonly<{
  ref: ConsentRef;
  seq: number;
  kind: ConsentKind;
  content: ConsentContent;
  input: ConsentEventInput;
  fhir: ResourceKept | null;
  recordedBy: Recorder;
  recordedHereAt: Instant;
  state: EventState;
  ledger: Readonly<{ block: number; transactionId: string; recordedAt: Instant }> | null;
}>;

export type DecisionAnswer = 'allow' | 'deny' | 'abstain';
export type DecisionReason = Readonly<{ code: string; text: string }>;

/** A selection, with how many it allowed. */
export type DecisionHead = Readonly<{
  id: number;
  study: StudyId;
  round: number;
  at: Instant;
  commitment: CohortCommitment;
  listHash: Digest;
  allowed: number;
  denied: number;
  abstained: number;
  withoutRecord: number;
}>;
export type DecisionList = DecisionHead &
  Readonly<{
    groups: readonly Readonly<{
      answer: DecisionAnswer;
      reasons: readonly DecisionReason[];
      refs: readonly ConsentRef[];
    }>[];
  }>;

export type DisclosureKept = Readonly<{
  id: number;
  ref: ConsentRef;
  at: Instant;
  recipient: string;
  recipientAddress: string | null;
  description: string | null;
  purpose: string;
  basis: string;
  resource: ResourceKept | null;
  by: Recorder;
}>;
export type ReadKept = Readonly<{ at: Instant; by: Recorder; kind: string; ref: ConsentRef | null; hash: Digest }>;

type Asked = Readonly<{ cursor?: string | undefined; items: number }>;
type Page<Item> = Readonly<{ items: readonly Item[]; cursor: string | null; total: number }>;

export interface FhirDesk {
  /** @throws ConsiliumError of the store; all orders are refused where one is */
  record(orders: readonly ConsentOrder[], by: By): Promise<Readonly<{ events: readonly EventRecorded[] }>>;
  /** Oldest first; the last one is in use. */
  refsOf(patient: string): readonly ConsentRef[];
  /** Undefined: unknown, or erased. */
  patientOf(ref: ConsentRef): string | undefined;
  /** By `seq`; refused ones too. */
  history(who: Who): readonly EventKept[];
  decisions(page: Asked & Readonly<{ study?: StudyId; round?: number; day?: string }>): Page<DecisionHead>;
  decisionList(id: number): DecisionList;
  usesOf(who: Who): readonly Readonly<{ study: StudyId; round: number }>[];
  reads(page: Asked & Readonly<{ ref?: ConsentRef }>): Page<ReadKept>;
  /** Durable before it returns. A query never holds a patient number. */
  logRead(
    entry: Readonly<{
      by: By;
      kind: 'patient' | 'history' | 'effective' | 'uses' | 'list' | 'decisions' | 'reads';
      ref?: ConsentRef;
      query?: string;
    }>,
  ): void;
  recordDisclosure(
    disclosure: Readonly<{
      patient: string;
      at: Instant;
      recipient: string;
      recipientAddress: string | null;
      description: string | null;
      purpose: string;
      basis: string;
      resource: ResourceKept | null;
    }>,
    by: By,
  ): Readonly<{ id: number; ref: ConsentRef }>;
  disclosures(who: Who, page: Asked): Page<DisclosureKept>;
}
