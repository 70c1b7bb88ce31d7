/**
 * What the agent needs of its hospital. It declares these itself; ledger, store, exchange, learning and data implement
 * them, and so does the simulation, with its own clock, disks and faults.
 */
import type {
  CohortCommitment,
  Command,
  CommandInput,
  Digest,
  ErrorCode,
  HospitalTimings,
  JoinedKeys,
  JoinKeys,
  Metrics,
  Msp,
  Receipt,
  RoundKind,
  StudyId,
  StudyProtocol,
  TransactionName,
} from '@consilium/domain';

/** The channel's state as this hospital's read model mirrors it: what is committed on its own peer. */
export interface ChannelState {
  /** Blocks that the mirror has taken in: the number of the last one, plus one. */
  height(): number;
  /** The JSON value under a key, parsed by the caller's schema. */
  get(key: string): unknown;
  /** Keys in `[start, end)`, in byte order. */
  range(start: string, end: string): Array<{ key: string; value: unknown }>;
  /** The transaction that wrote a key last: the same on every hospital. */
  recordOf(key: string): Readonly<{ block: number; transactionId: string }> | undefined;
  /** Calls back after each block that changed the state. Returns how to stop. */
  onChange(listener: () => void): () => void;
}

export type Committed = Readonly<{ transactionId: string; blockNumber: number; result: unknown }>;

/** Sends this hospital's agent's transactions. */
export interface Channel {
  /**
   * Resolves once committed and valid. Bounded in time.
   * @throws ConsiliumError with the code that the chaincode refused with; LEDGER_CONFLICT where another transaction was
   *   first; LEDGER_COMMIT_UNKNOWN where it may still commit; LEDGER_UNAVAILABLE
   */
  submit<Name extends TransactionName>(
    name: Name,
    command: CommandInput<Name>,
    signal?: AbortSignal,
  ): Promise<Committed>;
  /** Mean of recent commit times in milliseconds: three of them are the least stagger between ranks. */
  recentCommitMs(): number;
}

/** Content-addressed bytes on this hospital's disk: vectors and version files. Durable before it resolves. */
export interface Blobs {
  put(bytes: Uint8Array): Promise<Digest>;
  /** Undefined where they are not there, or no longer have their digest: they are removed then. */
  get(digest: Digest): Promise<Uint8Array | undefined>;
  /**
   * Hands the bytes out piece by piece, so that they need not all be in memory. All pieces but the last are of a multiple of
   * 8 bytes; a piece is only valid until `take` returns.
   * @returns the digest and number of what was handed out; undefined as with `get`: what was handed out is not theirs then
   */
  read(
    digest: Digest,
    take: (piece: Uint8Array, at: number) => void,
  ): Promise<Readonly<{ digest: Digest; bytes: number }> | undefined>;
  has(digest: Digest): Promise<boolean>;
  /** Durable before it resolves; what is not there is no error. */
  remove(digest: Digest): Promise<void>;
}

/** Where bytes go to and come from between hospitals. Each call is bounded in time. */
export interface Exchange {
  /** Pushes this hospital's vector to a member, which checks and stores it, and gives back its receipt. */
  push(
    to: Msp,
    vector: Readonly<{ study: StudyId; round: number; digest: Digest; bytes: Uint8Array }>,
    signal?: AbortSignal,
  ): Promise<Receipt>;
  /**
   * Asks holders in turn until one gives bytes that hash to the digest.
   * @throws ConsiliumError EXCHANGE_UNREACHABLE, VECTOR_UNKNOWN
   */
  fetch(digest: Digest, holders: readonly Msp[], signal?: AbortSignal): Promise<Uint8Array>;
}

/** The receipt key of this hospital for a study, made once and kept. */
export interface ReceiptKeys {
  /** The raw Ed25519 public key in base64. */
  publicKey(study: StudyId): Promise<string>;
  /** Signs a receipt payload: 64 bytes in base64. */
  sign(study: StudyId, payload: string): Promise<string>;
}

/** What a dealer keeps of a private round until its vector is masked: 32 bytes each, and what its join tells of them. */
export type DealtSecrets = Readonly<{ selfMask: Uint8Array; maskKey: Uint8Array; keys: JoinKeys }>;

/**
 * Secrets of private rounds: apart from the database, never backed up nor restored. What was destroyed here opens no past
 * round, whoever takes the disk later. Every write is durable before it resolves.
 */
export interface RoundSecrets {
  /** What is kept of a round: the dealt secrets, or the masked vector in their place. */
  stateOf(study: StudyId, round: number): Promise<'dealt' | 'masked' | undefined>;
  dealt(study: StudyId, round: number): Promise<DealtSecrets | undefined>;
  /** Once: @throws Error where something is kept of the round already */
  keepDealt(study: StudyId, round: number, dealt: DealtSecrets): Promise<void>;
  masked(study: StudyId, round: number): Promise<Uint8Array | undefined>;
  /** In one write, the masked vector takes the place of the dealt secrets: there can be no second vector. */
  keepMasked(study: StudyId, round: number, vector: Uint8Array): Promise<void>;
  /** Indexes of the own share keys that are kept, ascending. */
  shareKeys(study: StudyId): Promise<readonly number[]>;
  /** The private key of an own share key: 32 bytes. */
  shareKey(study: StudyId, index: number): Promise<Uint8Array | undefined>;
  /** Keeps a new private key under an index, and gives back the one that is kept there: the first stays. */
  keepShareKey(study: StudyId, index: number, privateKey: Uint8Array): Promise<Uint8Array>;
  /** Destroys these share keys, and what is kept of these rounds. */
  destroy(study: StudyId, shareKeys: readonly number[], rounds: readonly number[]): Promise<void>;
  /** Rounds that something is kept of, ascending. */
  rounds(study: StudyId): Promise<readonly number[]>;
}

/** A place in the list of a round's holders, and the key that shares are sealed to. */
export type ShareHolder = Readonly<{ msp: Msp; publicKey: string }>;
export type SharesOpened = Readonly<{ selfMask: string; maskKey: string }>;

/** Where a private round's secrets are dealt: what everything of it is bound to. */
export type DealingPlace = Readonly<{ channel: string; study: StudyId; round: number; dealer: Msp }>;

/** Deals, seals and opens shares. Implemented in privacy/. Keys, hashes and shares are in base64. */
export interface ShareSealing {
  /** A fresh X25519 pair: the private key, and the public one in base64. */
  newShareKey(): Readonly<{ privateKey: Uint8Array; publicKey: string }>;
  publicKeyOf(privateKey: Uint8Array): string;
  /** Fresh secrets of a round, their shares sealed to every holder. */
  deal(
    place: DealingPlace,
    holders: readonly ShareHolder[],
    threshold: number,
    next: JoinKeys['next'],
  ): Promise<DealtSecrets>;
  /** What a holder was dealt; undefined where the box does not open, or a share does not match its hash. */
  open(
    place: DealingPlace,
    holder: Readonly<{ msp: Msp; position: number; privateKey: Uint8Array }>,
    keys: JoinedKeys,
  ): Promise<SharesOpened | undefined>;
  /** The secret that shares give; undefined where they do not go together. It must be compared with what was committed. */
  combine(shares: readonly string[]): Promise<Uint8Array | undefined>;
  /** Whether these are the secrets that a join committed to. */
  isSelfMask(secret: Uint8Array, keys: JoinedKeys): boolean;
  isMaskKey(secret: Uint8Array, keys: JoinedKeys): boolean;
  /** Masks a vector in place. @throws Error for a mask key of small order */
  mask(vector: Int32Array, about: MaskingPlace, own: Msp, secrets: DealtSecrets): void;
  /** Takes the masks off a sum of survivors' vectors, in place. */
  unmask(sum: Int32Array, about: MaskingPlace, opened: OpenedMasks): void;
}

/** What a pair's mask depends on, and the mask keys of the roster. */
export type MaskingPlace = Readonly<{
  channel: string;
  study: StudyId;
  round: number;
  baseDigest: Digest;
  protocolHash: Digest;
  /** Of every hospital of the roster, its join's keys. */
  roster: ReadonlyMap<Msp, JoinedKeys>;
}>;

/** Self masks of the survivors, mask keys of the others of the roster. */
export type OpenedMasks = Readonly<{
  selfMasks: ReadonlyMap<Msp, Uint8Array>;
  maskKeys: ReadonlyMap<Msp, Uint8Array>;
}>;

/** Decisions that must survive a crash: small texts by study, round and name. */
export interface Journal {
  get(study: StudyId, round: number, name: string): string | undefined;
  /** Durable before it returns. */
  set(study: StudyId, round: number, name: string, value: string): void;
}

/** Tensors that never leave the hospital, by study and version: float32 values by tensor name. */
export type PersonalTensors = ReadonlyMap<string, Float32Array>;
export interface PersonalStore {
  get(study: StudyId, version: number): PersonalTensors | undefined;
  set(study: StudyId, version: number, tensors: PersonalTensors): void;
  remove(study: StudyId, version: number): void;
}

/** A version of the model in hand: its file, and this hospital's own tensors for it (undefined: the protocol's start). */
export type VersionInHand = Readonly<{ version: number; file: Uint8Array; personal: PersonalTensors | undefined }>;

/** Work on this hospital's rows that makes its vector of a round. */
export type VectorTask = Readonly<{
  study: StudyId;
  protocol: StudyProtocol;
  round: number;
  kind: Exclude<RoundKind, 'initial'>;
  base: VersionInHand;
  /** The base's parent, where the base is a candidate. */
  candidateParent: VersionInHand | undefined;
  /** Where consent applies: the only patients whose rows are looked at. */
  selection: CohortSelection | undefined;
}>;

/** What a patient's rows are for in a study. */
export type PatientSet = 'train' | 'validation' | 'test';

/** Whom a study could use here, whatever consents say. */
export interface PatientSource {
  /**
   * Patients with usable rows that the study would train, validate or test on, as the source names them: each in its set,
   * which does not depend on who else consents.
   * @throws ConsiliumError DATA_…, CONSENT_PATIENT_COLUMN_MISSING
   */
  patients(protocol: StudyProtocol, signal?: AbortSignal): Promise<ReadonlyMap<string, PatientSet>>;
}

/** The patients of this hospital that a round may use, as they were selected. */
export type CohortSelection = Readonly<{
  /** Two selections of the same patients have the same digest, whatever the round. */
  patientsDigest: Digest;
  /** The source's own patient keys, as its rows name them. */
  patients: ReadonlySet<string>;
  /** What the join commits to. */
  commitment: CohortCommitment;
}>;

/**
 * Who of this hospital's patients may be used, by their consents in its own store and on the channel, the stricter of
 * both. Implemented in consent/.
 */
export interface ConsentDesk {
  /**
   * Selects the patients whose consent allows the study now, and keeps the selection for the round, in place of an earlier
   * one: durable before it resolves.
   * @param patients all patients that the source has usable rows of
   * @throws ConsiliumError CONSENT_NOT_CONFIGURED, CONSENT_STORE_LOCKED, CONSENT_POLICY_UNKNOWN, CONSENT_POLICY_EXCLUDES,
   *   CONSENT_COHORT_EMPTY, PERMIT_REQUIRED
   */
  select(
    asked: Readonly<{ study: StudyId; protocol: StudyProtocol; round: number; patients: readonly string[] }>,
    signal?: AbortSignal,
  ): Promise<CohortSelection>;
  /** The selection kept for a round. */
  selection(study: StudyId, round: number): CohortSelection | undefined;
  /**
   * Whether every patient of a round's selection may still be used, now: no withdrawal in store or ledger, no validity
   * that ended. Cheap: asked before training, while it runs, and before the contribution.
   */
  isStillAllowed(study: StudyId, round: number): boolean;
  /** The instant at which a validity of the selection ends next; undefined: none does. Milliseconds since 1970. */
  allowedUntil(study: StudyId, round: number): number | undefined;
  /** Which of these patients may be used for the study now, for work that is of no round: predictions, training alone. */
  allowedNow(
    asked: Readonly<{ study: StudyId; protocol: StudyProtocol; patients: readonly string[] }>,
  ): Promise<ReadonlySet<string>>;
  /** Rounds of the study whose cohorts held patients that may not be used any more, and that were not reported yet. */
  unreportedWithdrawals(study: StudyId): Readonly<{ fromRound: number; toRound: number }> | undefined;
  /** Calls back in the same turn in which something became less. Returns how to stop. */
  onRestriction(listener: () => void): () => void;
}

export type VectorMade = Readonly<{
  /** Laid out as the domain's `vectorLayout` says. */
  vector: Int32Array;
  /** Training: this hospital's own tensors for the version that the round makes. */
  personal: PersonalTensors | undefined;
  trainingPatients: number;
  /** Evaluation rounds: this hospital's own figures on its own test rows. */
  evaluation: Readonly<{ base: Metrics; parent: Metrics | undefined }> | undefined;
  /** Whether the update was scaled down to the clip norm. */
  clipped: boolean;
  seconds: number;
}>;

/** Trains and evaluates in a process of its own. */
export interface Learner {
  /** @throws ConsiliumError DATA_…, ENGINE_UNAVAILABLE, TRAINING_…, UPDATE_OVERFLOWS */
  makeVector(task: VectorTask, signal?: AbortSignal): Promise<VectorMade>;
}

/** The arithmetic of a round, the same bytes in every hospital. Implemented in learning/. */
export interface Arithmetic {
  /** Version 0: the protocol's weights. */
  initialVersion(protocol: StudyProtocol): Uint8Array;
  /** Makes of the survivors' vectors what is attested. */
  aggregate(
    round: Readonly<{
      protocol: StudyProtocol;
      kind: Exclude<RoundKind, 'initial'>;
      round: number;
      base: Uint8Array;
      /** Of the survivors' vectors, modulo 2^32; private mode: its masks taken off. */
      sum: Int32Array;
      /** The vectors themselves, in MSP order, where the aggregation rule looks at single updates; else empty. */
      vectors: ReadonlyMap<Msp, Uint8Array>;
    }>,
  ): Aggregated;
}

export type Aggregated = Readonly<{
  /** SHA-256 of the sum as little endian int32. */
  sumDigest: Digest;
  /** The new version's file; for an evaluation round, the base's own bytes. Undefined where there is no version. */
  file: Uint8Array | undefined;
  outcome: Command<'RoundContract:attest'>['outcome'];
  /** A training round whose rule looks at single updates: how far each hospital's is from what the rule gave. */
  scores?: readonly UpdateScore[];
}>;

/** What an aggregation rule made of one hospital's update. Shown to all members; nobody is left out unsaid. */
export type UpdateScore = Readonly<{
  msp: Msp;
  /** As it was sent, and as it counted: 0 is a hospital without patients, which is left out. */
  weightSent: number;
  weight: number;
  /** L2 norm of the update as it was sent. */
  norm: number;
  /** Below 1: the update was longer than the protocol allows, and was scaled down by this. */
  clipFactor: number;
  /** L2 distance from the update that the rule gave. */
  distance: number;
  /** Krum and multi-Krum: the score, and whether the update was chosen by it. */
  krumScore?: number;
  chosen?: boolean;
}>;

export interface Clock {
  /** Milliseconds since 1970, as the hospital's clock has it. */
  now(): number;
  /** Milliseconds that only go forward. */
  monotonic(): number;
}

/** Structured lines without secrets, rows or weights. */
export interface Log {
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}

/** What happened, for the live stream and for the seconds of the report. */
export type AgentNews = Readonly<{
  study: StudyId;
  round: number;
  /** A step began or ended here, or a phase was seen over. Times are monotonic milliseconds of this host. */
  event: 'step-started' | 'step-finished' | 'step-failed' | 'phase-seen-over' | 'job-progress';
  step: string;
  at: number;
  detail?: Readonly<Record<string, unknown>>;
}>;
export interface NewsDesk {
  publish(news: AgentNews): void;
}

/** Runs something later. A clock of its own, so that the simulation can turn it. */
export interface Timers {
  /** Calls back once, after so many milliseconds. Returns how to cancel it. */
  after(ms: number, callback: () => void): () => void;
}

/** A vector as it arrives from another hospital. `from` is who the connection's certificate names. */
export type PushedVector = Readonly<{
  from: Msp;
  study: StudyId;
  round: number;
  digest: Digest;
  bytes: Uint8Array;
}>;

/** Takes in what other hospitals push. */
export interface VectorDesk {
  /**
   * Checks the vector, stores it, and signs for it.
   * @throws ConsiliumError STUDY_UNKNOWN, NOT_A_MEMBER, ROUND_UNKNOWN, PHASE_CLOSED, NOT_IN_ROSTER, VECTOR_LENGTH_WRONG,
   *   VECTOR_DIGEST_MISMATCH, FACT_CHANGED for a second vector that differs, MEMBER_NOT_REGISTERED where this hospital has
   *   no receipt key on the channel
   */
  receive(vector: PushedVector, signal?: AbortSignal): Promise<Receipt>;
}

/** One thing that was recomputed, or compared with what is recorded. */
/** First elements, int32, of each vector as it travelled (masked in private mode), and of their sum; null: it does not open. */
export type RoundExcerpt = Readonly<{ vectors: ReadonlyMap<Msp, readonly number[]>; sum: readonly number[] | null }>;

export type RoundCheck = Readonly<{ name: string; ok: boolean; detail: string }>;

/** What `verify` found. */
export type RoundVerification = Readonly<{
  study: StudyId;
  round: number;
  /** Whether every check passed. */
  ok: boolean;
  checks: readonly RoundCheck[];
  /** Whether this hospital had attested another outcome than the recorded one, and may now go on. */
  disputeLifted: boolean;
  /** Of a training round whose rule looks at single updates. */
  scores?: readonly UpdateScore[];
  /** Of a round that adds vectors up. */
  excerpt?: RoundExcerpt;
}>;

export interface RoundVerifier {
  /** @throws ConsiliumError STUDY_UNKNOWN, ROUND_UNKNOWN, ROUND_NOT_SETTLED where nothing was agreed upon yet */
  verify(study: StudyId, round: number, signal?: AbortSignal): Promise<RoundVerification>;
}

/** A version's file or a vector, by its SHA-256. */
export type RoundFile = Readonly<{ digest: Digest; bytes: number }>;

/** The bytes that a settled round was computed from, and what it made. */
export interface RoundFiles {
  /**
   * Sees to it that all are on this hospital's disk: base, survivors' vectors, new version.
   * @throws ConsiliumError STUDY_UNKNOWN, ROUND_UNKNOWN, ROUND_NOT_SETTLED, EXCHANGE_UNREACHABLE, VECTOR_UNKNOWN
   */
  gather(study: StudyId, round: number, signal?: AbortSignal): Promise<readonly RoundFile[]>;
  /** @throws ConsiliumError VECTOR_UNKNOWN */
  read(digest: Digest): Promise<Uint8Array>;
}

/** A step that failed when it was last tried. */
export type StepFailure = Readonly<{
  step: string;
  round: number;
  code: ErrorCode;
  /** The error's message; it names lines and columns of this hospital's own source, never values. */
  detail: string;
  /** How often in a row. */
  times: number;
  /** Milliseconds since 1970. */
  at: number;
}>;

/** What this hospital failed at since its gateway started, and has not succeeded in since. */
export interface FailureBook {
  failures(study: StudyId): readonly StepFailure[];
}

/** When this hospital did what in a round, since its gateway started. */
export interface TimingsBook {
  timings(study: StudyId, round: number): HospitalTimings | undefined;
}
