/** What the REST interface needs of its hospital, beside the agent's interfaces. `main.ts` wires it. */

import type {
  BaselineBody,
  BaselineResult,
  DataReportResource,
  IndependentCheck,
  PredictionsResource,
} from '@consilium/client/resources';
import type { CommandInput, Digest, Msp, Role, StudyId, StudyProtocol, TransactionName } from '@consilium/domain';
import type { z } from 'zod';
import type {
  Blobs,
  ChannelState,
  Clock,
  Committed,
  FailureBook,
  Log,
  RoundVerifier,
  TimingsBook,
} from '../agent/ports.js';
import type { HospitalContact } from '../exports/consentFile.js';
import type { SealedArchive } from '../exports/evidence/archive.js';
import type { EvidencePacks } from '../exports/evidence/evidencePacks.js';
import type { FhirRoom } from '../fhir/operations.js';
import type { ConsentOffice, ConsentReadings } from './consentOffice.js';

export type RecordPlace = Readonly<{ block: number; transactionId: string }>;

/** What a transaction wrote, as the mirror took it in. */
export type TransactionNews = Readonly<{
  block: number;
  transactionId: string;
  writes: readonly Readonly<{ key: string }>[];
}>;

/** The channel's state, and which transaction wrote what. */
export interface LedgerReadings extends ChannelState {
  recordOf(key: string): RecordPlace | undefined;
  /** The block of a transaction that the mirror has taken in. */
  blockOf(transactionId: string): number | undefined;
  onTransactions(listener: (transactions: readonly TransactionNews[]) => void): () => void;
}

/** A transaction that the ordering service has, or may have. */
export type Sent = Readonly<{ transactionId: string; committed(signal?: AbortSignal): Promise<Committed> }>;

/** Sends transactions as one person. */
export interface PersonalChannel {
  send<Name extends TransactionName>(name: Name, command: CommandInput<Name>, signal?: AbortSignal): Promise<Sent>;
}

/** Someone of this hospital. The role stands in the certificate. */
export type Person = Readonly<{
  name: string;
  role: Role | undefined;
  /** SHA-256 of the token, in hexadecimal digits. */
  tokenSha256: string;
  channel: PersonalChannel;
}>;

/** What the gateway knows of its peer and of what it sent. */
export interface PeerView {
  isUp(): boolean;
  recentCommitMs(): number;
  transactions(): Readonly<{
    valid: number;
    invalid: number;
    invalidByCode: Readonly<Record<string, number>>;
    refused: number;
  }>;
  /** The fate of any transaction, as far as the peer knows it within so many milliseconds. */
  fateOf(
    transactionId: string,
    msMax: number,
  ): Promise<Readonly<{ blockNumber: number; valid: boolean; validationCode: string }> | undefined>;
}

/** Parsed: what was left out stands as undefined. */
export type AloneTrainingAsked = NonNullable<z.output<typeof BaselineBody>['training']>;

/** Work on this hospital's own rows, for its own people. Each throws ConsiliumError DATA_…, ENGINE_…, TRAINING_…. */
export interface OwnRows {
  predictions(
    asked: Readonly<{ study: StudyId; protocol: StudyProtocol; version: number; digest: Digest }>,
    signal?: AbortSignal,
  ): Promise<PredictionsResource>;
  trainAlone(
    asked: Readonly<{ study: StudyId; protocol: StudyProtocol; training: AloneTrainingAsked }>,
    onProgress: (share: number) => void,
    signal: AbortSignal,
  ): Promise<BaselineResult>;
  report(study: StudyId, protocol: StudyProtocol, signal?: AbortSignal): Promise<DataReportResource>;
  /** What trained last; null before the first training. */
  engine(): Readonly<{ name: string; version: string }> | null;
}

export type HospitalFacts = Readonly<{
  msp: Msp;
  name: string;
  contact: HospitalContact;
  /** Where the other hospitals reach this one's exchange. */
  exchangeUrl: string;
  channel: string;
  chaincode: string;
  chaincodeDigest: Digest;
}>;

/** Makes evidence packs in the name of a person, who asks the channel and signs. */
export interface EvidenceDesk {
  as(person: string): EvidencePacks | undefined;
}

/** Lets a second implementation look at a pack of a round. */
export interface IndependentVerifier {
  /** @throws ConsiliumError VERIFIER_FAILED; the signal's reason */
  check(pack: SealedArchive, signal: AbortSignal): Promise<Extract<IndependentCheck, { ran: true }>>;
}

export type ApiParts = Readonly<{
  hospital: HospitalFacts;
  people: readonly Person[];
  readings: LedgerReadings;
  peer: PeerView;
  blobs: Blobs;
  verifier: RoundVerifier;
  independent: IndependentVerifier;
  timings: TimingsBook;
  failures: FailureBook;
  ownRows: OwnRows;
  clock: Clock;
  log: Log;
  /** The read model of the channel's consents. */
  consentReadings: ConsentReadings;
  /** Absent: this gateway has no consent store, and says so where one is needed. */
  consents?: ConsentOffice | undefined;
  /** Absent: this gateway makes no evidence packs. */
  evidence?: EvidenceDesk | undefined;
  /** Absent: this gateway has no consent store, and its FHIR interface says so. */
  fhir?: Readonly<{ room: FhirRoom; softwareVersion: string }>;
}>;
