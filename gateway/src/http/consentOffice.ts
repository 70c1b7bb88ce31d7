/**
 * What the compliance officer's desk needs of its hospital: the consent store, and the read model of the channel's consents.
 * `gateway/src/consent` and `gateway/src/store` are ones; nothing here knows how they keep things.
 */
import type {
  BackupResource,
  ConsentOrderBody,
  DecisionResource,
  ErasureReceipt,
  EventState,
  QueueResource,
  RestoreReport,
  SelectionResource,
  WithdrawalResource,
} from '@consilium/client/resources';
import type {
  ConsentContent,
  ConsentEventInput,
  ConsentKind,
  ConsentReason,
  ConsentRef,
  Digest,
  Instant,
  LegalGround,
  Msp,
  Role,
  StudyId,
  StudyProtocol,
} from '@consilium/domain';

/** Someone of this hospital. */
export type By = Readonly<{ name: string; role: Role | undefined }>;
/** A patient by the hospital's own number, or one of its records. */
export type Who = Readonly<{ patient: string }> | Readonly<{ ref: ConsentRef }>;
/** Which part of a list. */
export type Part = Readonly<{ cursor?: string | undefined; items: number }>;
export type Found<Item> = Readonly<{ items: readonly Item[]; cursor: string | null; total: number }>;

export type PlaceInLedger = Readonly<{ block: number; transactionId: string; recordedAt: Instant }>;

export type EventRecorded = Readonly<{
  ref: ConsentRef;
  seq: number;
  kind: ConsentKind;
  state: EventState;
  /** Null: a grant, which acts once it is committed. */
  effectiveHereAt: Instant | null;
}>;

export type EventKept = Readonly<{
  ref: ConsentRef;
  seq: number;
  kind: ConsentKind;
  content: ConsentContent;
  input: ConsentEventInput;
  note: string | null;
  /** The resource that it came as. */
  fhir: Readonly<{ version: '4.0' | '5.0'; resource: unknown }> | null;
  recordedBy: Readonly<{ name: string; role: Role | null }>;
  recordedHereAt: Instant;
  restricts: boolean;
  state: EventState;
  refusedWith: string | null;
  ledger: PlaceInLedger | null;
  batch: number | null;
}>;

export type UseKept = Readonly<{
  study: StudyId;
  round: number;
  selectedAt: Instant;
  root: Digest;
  policyVersion: number;
  purposes: readonly string[];
  joined: boolean;
}>;

export type Ended = WithdrawalResource['ended'];
export type WithdrawalKept = Readonly<{
  ended: Ended;
  ref: ConsentRef;
  seq: number;
  kind: ConsentKind;
  reason: ConsentReason;
  effectiveHereAt: Instant;
  state: EventState;
  ledger: PlaceInLedger | null;
}>;

type Selection = Readonly<SelectionResource>;
type Group = Readonly<{
  answer: DecisionResource['answer'];
  reasons: readonly Readonly<{ code: string; text: string }>[];
  refs: readonly ConsentRef[];
}>;

/** What was consulted. */
export type ReadKind =
  | 'patient'
  | 'history'
  | 'effective'
  | 'uses'
  | 'list'
  | 'decisions'
  | 'withdrawals'
  | 'export'
  | 'evidence'
  | 'audit'
  | 'reads'
  | 'backup'
  | 'restore'
  | 'erasure'
  | 'rotation'
  | 'patient-page';

export type ReadKept = Readonly<{
  day: string;
  at: Instant;
  by: Readonly<{ name: string; role: Role | null }>;
  kind: string;
  ref: ConsentRef | null;
  query: string | null;
  hash: Digest;
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
}>;

/** The hospital's consent store. Its calls throw ConsiliumError of the catalogue, most of all CONSENT_…. */
export interface ConsentOffice {
  /** All orders are refused where one is. What ends or narrows acts before this returns. */
  record(
    orders: readonly ConsentOrderBody[],
    by: By,
  ): Promise<Readonly<{ events: readonly EventRecorded[]; waiting: number }>>;
  /** Resolves once an event is on the channel, or was refused by it. */
  whenSettled(ref: ConsentRef, seq: number, signal: AbortSignal): Promise<EventState>;
  /** Oldest first; the last one is in use. */
  refsOf(patient: string): readonly ConsentRef[];
  /** Undefined: unknown, or erased. */
  patientOf(ref: ConsentRef): string | undefined;
  /** In order; refused ones too. */
  history(who: Who): readonly EventKept[];
  records(part: Part): Found<Readonly<{ ref: ConsentRef; madeAt: Instant; events: number }>>;
  /** Of a patient, the newest record. */
  effective(
    who: Who,
    at: Readonly<{ effectiveAt?: Instant; knownAt?: Instant }>,
  ): Readonly<{ ref: ConsentRef; effectiveAt: Instant; knownAt: Instant; event: EventKept | undefined }>;
  /** What a selection for a study would say now. */
  decisionNow(patient: string, study: StudyId, protocol: StudyProtocol): DecisionOf;
  usesOf(who: Who): readonly UseKept[];
  /** What was answered about a record when a round's cohort was selected. */
  decisionOf(who: Who, study: StudyId, round: number): DecisionOf | undefined;
  /** What ended or became less, by an event or by a consent's own terms, in the order in which it took effect here. */
  withdrawals(part: Part & Readonly<{ from?: Instant; to?: Instant; ended?: Ended }>): Found<WithdrawalKept>;
  /** @throws ConsiliumError CONSENT_RECORD_UNKNOWN, also where the event ended nothing like that */
  withdrawal(ref: ConsentRef, seq: number, ended: Ended): WithdrawalKept;
  decisions(part: Part & Readonly<{ study?: StudyId; round?: number; from?: Instant; to?: Instant }>): Found<Selection>;
  decisionList(id: number): Selection & Readonly<{ groups: readonly Group[] }>;
  /** Durable before it returns. A query never holds a patient number. */
  logRead(entry: Readonly<{ by: By; kind: ReadKind; ref?: ConsentRef | undefined; query?: string | undefined }>): void;
  reads(part: Part & Readonly<{ ref?: ConsentRef; from?: Instant; to?: Instant }>): Found<ReadKept>;
  /** @throws ConsiliumError READ_LOG_BROKEN */
  verifyReadLog(): Readonly<{ entries: number; days: number; anchoredDays: number; head: Digest | null }>;
  disclosures(who: Who, part: Part): Found<DisclosureKept>;
  /** Acts here at once; the rest finishes by itself. */
  erase(asked: Readonly<{ who: Who; ground: LegalGround; reason: string }>, by: By): ErasureReceiptKept;
  erasure(ref: ConsentRef): ErasureReceiptKept | undefined;
  erasures(): readonly ErasureReceiptKept[];
  queue(): QueueKept;
  /** @returns how many events are sent as `by` from now on */
  takeOver(from: string, by: By): number;
  rotateKey(next: Uint8Array): void;
  backup(): Readonly<{ name: string; bytes: number; sha256: string }>;
  backups(): readonly BackupResource[];
  restore(name: string, key?: Uint8Array): Promise<RestoreReport>;
}

export type DecisionOf = Readonly<{
  answer: DecisionResource['answer'];
  reasons: readonly Readonly<{ code: string; text: string }>[];
}>;
export type ErasureReceiptKept = Readonly<Omit<ErasureReceipt, 'destroyed'>> &
  Readonly<{ destroyed: readonly string[] }>;
export type QueueKept = Readonly<Omit<QueueResource, 'parked'>> &
  Readonly<{ parked: readonly Readonly<{ person: string; code: string; events: number }>[] }>;

/** A place on the channel: the block, and which of the block's writes it is, from 0. */
export type WritePlace = Readonly<{ block: number; position: number }>;
/** Where a page of events ended. */
export type EventMark = Readonly<{ at: number; place: number }>;

type EventFound = Readonly<{ msp: Msp; ref: ConsentRef; seq: number; place: WritePlace; mark: EventMark }>;
export type JoinFound = Readonly<{ study: StudyId; round: number; msp: Msp; place: WritePlace; mark: number }>;

export type EventFilter = Readonly<{
  msp: Msp;
  kinds?: readonly ConsentKind[] | undefined;
  reasons?: readonly ConsentReason[] | undefined;
  roles?: readonly Role[] | undefined;
  actor?: string | undefined;
  policyVersion?: number | undefined;
  restricts?: boolean | undefined;
}>;

/** The read model: consent events and cohorts of all hospitals, as the channel has them. */
export interface ConsentReadings {
  events(
    asked: Readonly<{
      filter: EventFilter;
      axis: 'recorded' | 'effective';
      descending: boolean;
      from?: number | undefined;
      to?: number | undefined;
      after?: EventMark | undefined;
      items: number;
    }>,
  ): Readonly<{ items: readonly EventFound[]; total: number; more: boolean }>;
  placeOf(msp: Msp, ref: ConsentRef, seq: number): WritePlace | undefined;
  joins(
    filter: Readonly<{
      study?: StudyId | undefined;
      round?: number | undefined;
      msp?: Msp | undefined;
      root?: Digest | undefined;
      policyVersion?: number | undefined;
    }>,
    after: number | undefined,
    items: number,
  ): Readonly<{ items: readonly JoinFound[]; total: number; more: boolean }>;
  /** The first cohort that a hospital committed after a place on the channel, or after an instant; of a study, where one is named. */
  firstJoinAfter(msp: Msp, after: JoinsAfter, study?: StudyId): JoinFound | undefined;
  /** The same of every study, by its id. */
  firstJoinsAfter(
    msp: Msp,
    after: JoinsAfter,
    afterStudy: string,
    items: number,
  ): Readonly<{ items: readonly JoinFound[]; total: number; more: boolean }>;
}
export type JoinsAfter = Readonly<{ place: WritePlace }> | Readonly<{ at: number }>;
