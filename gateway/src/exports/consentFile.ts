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

/** Whom patients and authorities turn to, as far as the hospital has said so. */
export type HospitalContact = Readonly<{
  address?: string | undefined;
  email?: string | undefined;
  phone?: string | undefined;
  /** Whose law applies: a country. */
  jurisdiction?: string | undefined;
  /** Name, and how to reach them. */
  dataProtectionOfficer?: string | undefined;
  supervisoryAuthority?: string | undefined;
}>;

export type ExportingHospital = Readonly<{ msp: Msp; name: string; contact: HospitalContact }>;
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
  /** Null: not known. */
  recipientAddress: string | null;
  /** What was disclosed, in short; null: nobody said. */
  description: string | null;
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

/** How to reach the hospital, in one line; undefined: it did not say. */
export function contactText({ address, email, phone }: HospitalContact): string | undefined {
  return [address, phone, email].filter((part) => part !== undefined).join(', ') || undefined;
}

/** RFC 3339, in UTC. */
export function timeText(at: Instant): string {
  return new Date(at).toISOString();
}
