/**
 * The catalogue of everything that can be refused. The code is the start of every message, so it survives Fabric, which
 * carries only text. A code that is no longer used stays as a comment and is never given again.
 */
import { CONSENT_ERRORS } from './consentErrors.js';
import { ROUND_ERRORS } from './roundErrors.js';

/** What a caller must do: correct it, ask someone, read again, look elsewhere, ask for less, or try later. */
export type ErrorKind = 'invalid' | 'forbidden' | 'conflict' | 'missing' | 'limit' | 'unavailable';

type Entry = Readonly<{ kind: ErrorKind; message: string }>;

export const ERRORS = {
  // who asks
  UNAUTHENTICATED: {
    kind: 'forbidden',
    message: 'no valid token: send the header "Authorization: Bearer <token>" with a token of this hospital',
  },
  ROLE_REQUIRED: {
    kind: 'forbidden',
    message: '{action} takes the role {role}, the certificate of {caller} says {found}',
  },
  NOT_A_MEMBER: { kind: 'forbidden', message: '{msp} is not a member of study {study}' },
  HOSPITAL_UNKNOWN: { kind: 'missing', message: 'hospital {msp} is not registered: its admin registers it first' },
  // what was sent
  INPUT_INVALID: { kind: 'invalid', message: '{problems}' },
  BODY_TOO_LARGE: { kind: 'limit', message: 'the body has more than {bytesMax} bytes' },
  PAGE_CURSOR_INVALID: {
    kind: 'invalid',
    message: 'the cursor is not one that this list gave: start again without it',
  },
  TOO_MANY_REQUESTS: {
    kind: 'limit',
    message: 'more than {requestsMax} requests in {seconds} s: wait, and send fewer at one time',
  },
  JOB_UNKNOWN: { kind: 'missing', message: 'no job {job}: the gateway forgets jobs when it restarts' },
  JOBS_TOO_MANY: { kind: 'limit', message: '{jobsMax} jobs are running already: wait until one is over' },
  JOB_CANCELLED: { kind: 'conflict', message: 'job {job} was cancelled' },
  VERIFIER_FAILED: { kind: 'unavailable', message: 'the second implementation cannot look at the round: {problem}' },
  PACKS_TOO_MANY: {
    kind: 'limit',
    message: '{packsMax} bundles of rounds are being sent already: wait until one is over',
  },
  EVENT_STREAMS_TOO_MANY: { kind: 'limit', message: '{streamsMax} event streams are open already: close one' },
  ROUTE_UNKNOWN: { kind: 'missing', message: '{method} {path} does not exist: see GET /api/v1' },
  // studies
  STUDY_UNKNOWN: { kind: 'missing', message: 'no study {study}' },
  STUDY_VERSION_UNKNOWN: { kind: 'missing', message: 'study {study} has no version {version}' },
  STUDY_MEMBERS_CHANGED: {
    kind: 'invalid',
    message: 'study {study} is between {members}: another set of hospitals is another study',
  },
  STUDY_NOT_ACTIVE: {
    kind: 'conflict',
    message: 'study {study} is not active: {missing} have not approved version {version}',
  },
  STUDY_ENDED: { kind: 'conflict', message: 'study {study} has ended ({how}): propose a new study' },
  STUDY_PAUSED: {
    kind: 'conflict',
    message:
      'study {study} is paused after {aborts} aborts and {rejections} rejections in a row: {needed} members vote {subject} to go on',
  },
  STUDY_RUNNING: {
    kind: 'conflict',
    message: 'study {study} has a round on an approved protocol: its protocol stands. Propose a new study',
  },
  STUDY_VERSION_REPLACED: {
    kind: 'conflict',
    message: 'version {version} of study {study} was replaced by version {newest}: read that one',
  },
  STUDY_ID_TAKEN: {
    kind: 'conflict',
    message: 'study {study} was proposed by {msp} with other members: choose another id',
  },
  PROTOCOL_HASH_MISMATCH: {
    kind: 'conflict',
    message:
      'the protocol of study {study} version {version} has the hash {expected}, not {found}: read it again before you sign',
  },
  PROTOCOL_TOO_LARGE: { kind: 'limit', message: 'the protocol has {bytes} bytes, {bytesMax} are allowed' },
  PROTOCOL_OVERFLOWS: { kind: 'invalid', message: '{problem}' },
  PROTOCOL_MODEL_INVALID: { kind: 'invalid', message: '{problem}' },
  PROTOCOL_RULE_UNSUITABLE: { kind: 'invalid', message: '{problem}' },
  PROTOCOL_PRIVACY_UNSOUND: { kind: 'invalid', message: '{problem}' },
  // PROTOCOL_MODE_NOT_OFFERED: when there was no private mode
  PROTOCOL_PRIVATE_TOO_SMALL: {
    kind: 'invalid',
    message:
      'a private study has three members at least, this one has {members}: two would learn each other by subtraction. Propose it with "mode": "open", or with more hospitals',
  },
  PRIVACY_TARGET_OUT_OF_REACH: { kind: 'invalid', message: '{problem}' },
  PRIVACY_TABLE_FALSE: {
    kind: 'invalid',
    message:
      'after {rounds} rounds of {steps} steps with q {samplingRate} and sigma {noiseMultiplier}, {expected} millionths of epsilon are spent at delta {delta}; the table says {found}',
  },
  PRIVACY_BUDGET_SPENT: {
    kind: 'forbidden',
    message:
      '{msp} has spent {spent} millionths of epsilon in study {study}; one more training round makes it {next}, the budget is {budget}',
  },
  PRIVACY_VERSION_DIFFERS: {
    kind: 'forbidden',
    message:
      '{msp} has spent epsilon of study {study} under version {before} of its protocol, which the table of version {version} does not count: propose a new study',
  },
  ALREADY_APPROVED: { kind: 'conflict', message: '{msp} has approved version {version} of study {study} already' },
  MEMBER_KEY_CHANGED: {
    kind: 'conflict',
    message: '{msp} has registered another receipt key for study {study}: it is kept for the whole study',
  },
  MEMBER_NOT_REGISTERED: { kind: 'conflict', message: 'the agent of {msp} has not registered for study {study}' },
  VOTE_CLOSED: { kind: 'conflict', message: 'the vote {subject} of study {study} is carried already' },
  // rounds
  ROUND_UNKNOWN: { kind: 'missing', message: 'study {study} has no round {round}' },
  ROUND_EXISTS: { kind: 'conflict', message: 'round {round} of study {study} is open already' },
  ROUND_NOT_NEXT: { kind: 'conflict', message: 'the next round of study {study} is {expected}, not {round}' },
  ROUND_NOT_SETTLED: { kind: 'conflict', message: 'round {round} of study {study} is {stage}: it is not over' },
  ROUND_TOO_FEW_REGISTERED: {
    kind: 'conflict',
    message: 'a round of study {study} needs {needed} hospitals, {found} have registered',
  },
  ROUND_BASE_MISMATCH: {
    kind: 'conflict',
    message: 'round {round} is over base {expected}, not {found}: fetch that version first',
  },
  ROUND_NOT_AVAILABLE: {
    kind: 'forbidden',
    message: '{msp} is not among the hospitals that round {round} was opened for',
  },
  PHASE_CLOSED: { kind: 'conflict', message: '{phase} of round {round} is closed' },
  PHASE_NOT_REACHED: { kind: 'conflict', message: 'round {round} is {stage}: {phase} has not begun' },
  DEADLINE_NOT_REACHED: { kind: 'conflict', message: '{phase} of round {round} runs until {deadline}' },
  CLOSE_BELOW_QUORUM: {
    kind: 'conflict',
    message: 'round {round} needs {needed} hospitals, {found} have joined: the phase waits for them',
  },
  NOTHING_TO_CLOSE: { kind: 'conflict', message: '{phase} of round {round} is complete: no close is needed' },
  NOT_IN_ROSTER: { kind: 'forbidden', message: '{msp} has not joined round {round}' },
  FACT_CHANGED: { kind: 'conflict', message: '{msp} has recorded another {fact} in round {round}: it stands' },
  VECTOR_LENGTH_WRONG: { kind: 'invalid', message: 'the vector of round {round} has {expected} elements, not {found}' },
  RECEIPTS_TOO_FEW: { kind: 'invalid', message: '{needed} receipts of other members are needed, {found} came' },
  RECEIPT_FALSE: { kind: 'invalid', message: 'the receipt of {msp} does not match its key, the round and the vector' },
  ATTESTATIONS_DIFFER: { kind: 'conflict', message: 'the {count} attestations named are not {needed} equal ones' },
  ABORT_NOT_DUE: { kind: 'conflict', message: 'round {round} is neither disputed nor voted to be aborted' },
  NOTHING_TO_RECORD: { kind: 'conflict', message: 'round {round} of study {study}: {why}' },
  EVALUATION_NOT_OPEN: {
    kind: 'forbidden',
    message: 'the protocol of study {study} does not let hospitals report figures of their own',
  },
  CLOCK_SKEW: {
    kind: 'unavailable',
    message: 'the transaction says {claimed}, the endorsing peer {own}: more than {skewMsMax} ms apart. Set the clocks',
  },
  VERSION_DISPUTED: {
    kind: 'conflict',
    message:
      'this hospital attested another outcome of round {round} of study {study} than the one that is recorded, and goes no further from there: have the round verified',
  },
  MODEL_UNKNOWN: { kind: 'missing', message: 'study {study} has no model version {version}' },
  // data
  DATA_FILE_MISSING: {
    kind: 'missing',
    message: 'the file {file} cannot be read: name it in the configuration of this hospital',
  },
  DATA_EMPTY: { kind: 'invalid', message: '{file} has no row' },
  DATA_DELIMITER_WRONG: {
    kind: 'invalid',
    message: '{file} has one column when split at {delimiter}: set its delimiter',
  },
  DATA_COLUMN_UNKNOWN: { kind: 'invalid', message: '{file} has no column {column}: it has {columns}' },
  DATA_ROW_WIDTH: { kind: 'invalid', message: 'line {line} of {file} has {found} values, {expected} are expected' },
  DATA_NOT_A_NUMBER: { kind: 'invalid', message: 'line {line} of {file}: column {column} is not a number' },
  DATA_OUT_OF_RANGE: { kind: 'invalid', message: 'line {line} of {file}: column {column} is outside {min} to {max}' },
  DATA_LEVEL_UNKNOWN: {
    kind: 'invalid',
    message: 'line {line} of {file}: column {column} is none of the declared levels',
  },
  DATA_NO_USABLE_ROW: {
    kind: 'invalid',
    message: 'no row of {file} is usable for study {study}: {dropped} were dropped',
  },
  DATA_SPLIT_INVALID: { kind: 'invalid', message: 'the split of {file}: {problem}' },
  DATA_TOO_LARGE: { kind: 'limit', message: '{file} has {found}, {max} are allowed' },
  FEDERATION_ONE_CLASS: {
    kind: 'invalid',
    message: 'all patients of study {study} have one class: there is nothing to learn',
  },
  // learning
  ENGINE_UNAVAILABLE: { kind: 'unavailable', message: 'the engine {engine} does not work here: {reason}' },
  TRAINING_NOT_FINITE: {
    kind: 'invalid',
    message: 'training gave NaN or Infinity in round {round}: lower the learning rate',
  },
  TRAINING_FAILED: { kind: 'unavailable', message: 'the training process ended: {reason}' },
  UPDATE_OVERFLOWS: { kind: 'limit', message: 'an update exceeds the bound of the sum: {problem}' },
  VERSION_FILE_INVALID: {
    kind: 'invalid',
    message: 'the version file is not what its digest or the protocol says: {problem}',
  },
  VERSION_FILE_NOT_HERE: {
    kind: 'missing',
    message: 'the file of version {version} of study {study} is not on this disk: the gateway of {holders} has it',
  },
  // exchange
  EXCHANGE_UNREACHABLE: { kind: 'unavailable', message: 'the gateway of {msp} does not answer' },
  EXCHANGE_BUSY: { kind: 'unavailable', message: 'too many bytes are coming in at one time: send it again later' },
  EXCHANGE_REFUSED: { kind: 'forbidden', message: '{problem}' },
  VECTOR_DIGEST_MISMATCH: { kind: 'invalid', message: 'the bytes do not hash to {digest}' },
  VECTORS_DELETED: {
    kind: 'missing',
    message:
      'the masked vectors of round {round} of study {study} were deleted here on {on}, as its protocol says: a bundle that was exported before still verifies',
  },
  VECTOR_UNKNOWN: { kind: 'missing', message: 'no vector {digest} is held here' },
  // ledger
  LEDGER_UNAVAILABLE: { kind: 'unavailable', message: 'the channel cannot be reached: {reason}' },
  LEDGER_CONFLICT: { kind: 'conflict', message: 'the transaction was overtaken by another one: read again' },
  LEDGER_COMMIT_UNKNOWN: {
    kind: 'unavailable',
    message: 'transaction {transactionId} was sent, its fate is not known yet: ask for it by this id',
  },
  LEDGER_REFUSED: { kind: 'conflict', message: '{reason}' },
  LEDGER_RECORD_UNKNOWN: { kind: 'missing', message: 'the channel has no {what}' },
  CHAINCODE_DIFFERS: {
    kind: 'conflict',
    message: 'the channel runs the chaincode {found}, this gateway was built with {expected}',
  },
  // launcher
  NODE_TOO_OLD: { kind: 'invalid', message: 'Node {found} does not run Consilium: install {wanted}, and try again' },
  TOPOLOGY_INVALID: { kind: 'invalid', message: '{problems}' },
  TOPOLOGY_DUPLICATE: { kind: 'invalid', message: 'two hospitals are called {name}' },
  TOPOLOGY_TOO_FEW: { kind: 'invalid', message: 'a federation has two hospitals at least, this topology has {found}' },
  TOPOLOGY_TOO_LARGE: {
    kind: 'limit',
    message:
      '{hospitals} hospitals need about {neededMiB} MiB, {availableMiB} MiB are free: fewer hospitals, or more memory',
  },
  HOME_OF_ANOTHER_TOPOLOGY: {
    kind: 'conflict',
    message:
      'the folder {home} holds a network of {found}: stop it and start with --fresh, or set CONSILIUM_HOME to another folder',
  },
  PORT_TAKEN: {
    kind: 'conflict',
    message: 'port {port} for {part} is taken: free it, or leave the port out to have one chosen',
  },
  NETWORK_RUNNING: {
    kind: 'conflict',
    message: 'a network of this folder is running already: npm run status, or npm stop',
  },
  NETWORK_NOT_RUNNING: { kind: 'missing', message: 'no network is running: npm start' },
  PART_NOT_READY: {
    kind: 'unavailable',
    message: '{part} was not ready within {waitedMs} ms: see npm run logs -- {hospital} {name}',
  },
  PART_ENDED: {
    kind: 'unavailable',
    message: '{part} ended before it was ready ({how}): see npm run logs -- {hospital} {name}{last}',
  },
  PART_UNKNOWN: { kind: 'missing', message: 'there is no {what}: there are {known}' },
  PARTS_LEFT: { kind: 'unavailable', message: '{parts} could not be ended within {waitedMs} ms' },
  BUILD_MISSING: { kind: 'missing', message: '{file} is not built: npm run build' },
  HOME_FOREIGN: {
    kind: 'conflict',
    message:
      'the folder {home} is not empty and holds no network: nothing in it was touched. Set CONSILIUM_HOME to another folder',
  },
  AUTHORITY_LOST: {
    kind: 'missing',
    message:
      'the key or certificate of a CA of {msp} is missing or broken ({file}), and the channel knows the hospital by it: restore it, or start with --fresh',
  },
  CONSENTER_LOST: {
    kind: 'missing',
    message:
      'the key or certificate of the orderer of {msp} is missing or broken ({file}), and the channel knows the orderer by it: restore it, or start with --fresh',
  },
  PORT_FIXED: {
    kind: 'conflict',
    message:
      'the channel knows {part} at port {port}, {problem}: free that port and leave it out of the topology, or start with --fresh',
  },
  FABRIC_COMMANDS_MISSING: {
    kind: 'missing',
    message:
      "the channel fabric needs Hyperledger Fabric's commands, and {commands} cannot be started (looked in {where}). The Fabric project publishes them with every release: take hyperledger-fabric-{os} of version {wanted} from https://github.com/hyperledger/fabric/releases (https://hyperledger-fabric.readthedocs.io says how), then put its bin folder on PATH or name it in FABRIC_BIN_DIR",
  },
  FABRIC_VERSION_WRONG: {
    kind: 'invalid',
    message:
      'the channel fabric needs Hyperledger Fabric {wanted}, and {command} is {found}: take that version from https://github.com/hyperledger/fabric/releases, then put its bin folder first on PATH or name it in FABRIC_BIN_DIR',
  },
  CHANNEL_FAILED: { kind: 'unavailable', message: 'the channel did not come up: {step}: {reason}' },
  CERTIFICATE_NOT_REVOKED: { kind: 'unavailable', message: 'the certificate is not revoked: {reason}' },
  REBUILD_FAILED: { kind: 'unavailable', message: "the peers' state was not computed again: {reason}" },
  CONFIGURATION_INVALID: { kind: 'invalid', message: '{file}: {problems}' },
  // consent
  ...CONSENT_ERRORS,
  // private rounds
  ...ROUND_ERRORS,
  INTERNAL: {
    kind: 'unavailable',
    message: 'something went wrong here that should not have: see the log under {reference}',
  },
} as const satisfies Record<string, Entry>;

export type ErrorCode = keyof typeof ERRORS;

type Placeholders<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Placeholders<Rest>
  : never;
export type ErrorDetails<Code extends ErrorCode> = Record<
  Placeholders<(typeof ERRORS)[Code]['message']>,
  string | number
>;

/** A refusal from the catalogue. Its message begins with its code. */
export class ConsiliumError extends Error {
  override readonly name = 'ConsiliumError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, detail: string, options?: ErrorOptions) {
    super(`${code}: ${detail}`, options);
    this.code = code;
  }

  get kind(): ErrorKind {
    return ERRORS[this.code].kind;
  }

  /** The message without its code. */
  get detail(): string {
    return this.message.slice(this.code.length + 2);
  }
}

/** Makes the error of a code, its message filled in. */
export function refusal<Code extends ErrorCode>(
  code: Code,
  details: ErrorDetails<Code>,
  options?: ErrorOptions,
): ConsiliumError {
  const values = details as Record<string, string | number>;
  const text = ERRORS[code].message.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ''));
  return new ConsiliumError(code, text, options);
}

/** Finds the catalogued error inside a text that came through Fabric, which adds words before it. */
export function refusalIn(text: string): ConsiliumError | undefined {
  for (const match of text.matchAll(/\b([A-Z][A-Z_]+): /g)) {
    const code = match[1] as string;
    if (Object.hasOwn(ERRORS, code))
      return new ConsiliumError(code as ErrorCode, text.slice(match.index + match[0].length));
  }
  return undefined;
}
