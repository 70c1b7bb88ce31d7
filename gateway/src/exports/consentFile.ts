/** All that a hospital has of one patient's consents, as exports take it. Whoever makes one has logged the read. */
import type {
  ConsentKind,
  ConsentReason,
  ConsentRef,
  ConsentTerm,
  Digest,
  Instant,
  LegalBasis,
  Msp,
  Role,
  SignatureMeaning,
} from '@consilium/domain';

export type ExportingHospital = Readonly<{ msp: Msp; name: string }>;
export type Reason = Readonly<{ code: string; text: string }>;

export type FiledEvent = Readonly<{
  ref: ConsentRef;
  seq: number;
  kind: ConsentKind;
  reason: ConsentReason;
  meaning: SignatureMeaning;
  actor: Readonly<{ name: string; role: Role | null }>;
  basis: LegalBasis | null;
  policy: Readonly<{ version: number; title: string; textHash: Digest }> | null;
  terms: readonly ConsentTerm[];
  dataClasses: readonly string[];
  validFrom: Instant | null;
  validTo: Instant | null;
  effectiveFrom: Instant;
  evidence: Readonly<{ source: string; hash: Digest }> | null;
  note: string | null;
  commitment: Digest;
  claimedAt: Instant;
  effectiveHereAt: Instant | null;
  state: 'waiting' | 'committed' | 'refused';
  ledger: Readonly<{ block: number; position: number; transactionId: string; recordedAt: Instant }> | null;
}>;

/** A round that the patient's data was selected for. */
export type FiledUse = Readonly<{
  study: string;
  round: number;
  selectedAt: Instant;
  purposes: readonly string[];
  policyVersion: number;
  joined: boolean;
  contributed: boolean;
  version: Readonly<{ version: number; status: string }> | null;
}>;

/** A study that used the patient's data, with why it was allowed the last time. */
export type FiledStudy = Readonly<{
  study: string;
  title: string;
  members: readonly Msp[];
  onWithdrawal: 'flag' | 'retrain' | 'keep' | null;
  reasons: readonly Reason[];
}>;

export type FiledRead = Readonly<{
  at: Instant;
  by: Readonly<{ name: string; role: Role | null }>;
  kind: string;
}>;

export type FiledDisclosure = Readonly<{
  id: number;
  at: Instant;
  recipient: string;
  purpose: string;
  basis: string;
}>;

export type FiledRecord = Readonly<{
  ref: ConsentRef;
  events: readonly FiledEvent[];
  /** Whether a consent stands now; and the event in force. */
  stands: boolean;
  inForce: FiledEvent | null;
  /** Days after the last event that it is kept. */
  retentionDays: number;
  onHold: boolean;
}>;

export type ConsentFile = Readonly<{
  hospital: ExportingHospital;
  patient: string;
  madeAt: Instant;
  /** Blocks of the channel that were known. */
  height: number;
  /** Oldest first; the last one is in use. */
  records: readonly FiledRecord[];
  studies: readonly FiledStudy[];
  uses: readonly FiledUse[];
  disclosures: readonly FiledDisclosure[];
  reads: readonly FiledRead[];
}>;

/** RFC 3339, in UTC. */
export function timeText(at: Instant): string {
  return new Date(at).toISOString();
}
