/** Named limits of the consent store. */

/** Events that may wait for the channel: a hospital that lost it for months is told so, instead of filling its disk. */
export const CONSENT_QUEUE_EVENTS_MAX = 1_000_000;
/** Orders that are written in one go, before whatever else the gateway does has its turn. */
export const ORDERS_PER_TURN_MAX = 1_000;
/** Bytes of one transaction's command: far below what a channel takes, so that blocks stay small. */
export const CONSENT_TRANSACTION_BYTES_MAX = 400 * 1024;
/** Transactions of the queue that are under way at one time. Those that restrict go one by one: they share a counter. */
export const TRANSACTIONS_IN_FLIGHT_MAX = 4;
/** Events of one batch whose root alone goes to the channel. */
export const CONSENT_ROOT_EVENTS_MAX = 10_000;
/** A send that tells nothing for this long is tried again: the contract takes a resend for success. */
export const CONSENT_SEND_MS_MAX = 180_000;
export const CONSENT_RETRY_MS_MIN = 250;
export const CONSENT_RETRY_MS_MAX = 30_000;
/** A person whose identity does not sign is asked again after this. */
export const PERSON_RETRY_MS = 60_000;

/** Patients whose consent is kept in memory, opened. */
export const PATIENTS_CACHED_MAX = 250_000;
/** Patients that are judged in one go, before whatever else the gateway does has its turn. */
export const PATIENTS_PER_TURN_MAX = 2_000;
/** A selection that was overtaken by a withdrawal begins anew this often, and is then made in one go. */
export const SELECTION_ATTEMPTS_MAX = 3;
/** Cohort trees kept in memory for proofs. */
export const COHORT_TREES_CACHED_MAX = 4;

export const PATIENT_NUMBER_CHARACTERS_MAX = 200;
export const CONSENT_NOTE_CHARACTERS_MAX = 4_000;
/** A FHIR resource, as JSON. */
export const CONSENT_RESOURCE_BYTES_MAX = 256 * 1024;
/** Orders of one call. */
export const CONSENT_ORDERS_MAX = 200_000;

/** The log of reads is anchored this often, where a day is not anchored yet. */
export const READ_LOG_ANCHOR_MS = 3_600_000;
export const BACKUP_CHUNK_BYTES = 1024 * 1024;
/** An erasure that waits for the channel, or for a hold to end, is tried again after this. */
export const ERASURE_RETRY_MS = 60_000;

/** What a restore reads back of the channel takes seconds; of the own peer's copies, minutes. Clients wait a little longer. */
export const READ_BACK_MS_MAX = 540_000;
/** Refs that the report of a restore names; the others are counted. */
export const RESTORE_REFS_NAMED_MAX = 100;
