/** How much the REST interface takes, and how long it lets anybody wait. */

export const API_PATH = '/api/v1';

export const REQUESTS_PER_MINUTE_MAX = 6_000;
/** Requests without a valid token from one address. */
export const UNAUTHENTICATED_PER_MINUTE_MAX = 120;
export const MINUTE_MS = 60_000;

/** How long a request waits for its commit, at most and where it only says that it waits. */
export const COMMIT_WAIT_MS_MAX = 90_000;
/** How long the peer is asked for the fate of a transaction that nobody here sent. */
export const FATE_ASK_MS_MAX = 1_000;
export const TRANSACTIONS_REMEMBERED_MAX = 1_000;

export const JOBS_RUNNING_MAX = 4;
export const JOBS_KEPT_MAX = 100;
export const JOB_MS_MAX = 2 * 3_600_000;

/** Bundles of rounds that are sent at one time: each reads large files, and holds one of them in memory. */
export const BUNDLES_SENT_MAX = 2;
/** How long the sending of one may take. */
export const BUNDLE_SEND_MS_MAX = 60 * 60_000;

export const EVENTS_KEPT_MAX = 5_000;
export const EVENT_STREAMS_MAX = 64;
/** A reader that leaves this much unread is let go: it comes back and resumes. */
export const EVENT_BACKLOG_BYTES_MAX = 4 * 1024 * 1024;
export const EVENT_KEEP_ALIVE_MS = 10_000;

export const CONNECTIONS_MAX = 500;
export const REQUEST_MS_MAX = 30_000;
export const HEADERS_MS_MAX = 10_000;
export const KEEP_ALIVE_MS = 65_000;
/** How often stalled requests are looked for. */
export const STALL_CHECK_MS = 2_000;
/** Problems of one input that are told. */
export const PROBLEMS_TOLD_MAX = 20;

/** Items of a file that are read before whatever else the gateway does has its turn. */
export const FILE_ITEMS_PER_TURN = 500;
/** An upload of consents. What is larger comes in several. */
export const IMPORT_BYTES_MAX = 32 * 1024 * 1024;
/** Orders of an import that are recorded in one go. */
export const IMPORT_ORDERS_PER_TURN = 500;
/** Lines of an import whose refusal is told one by one. */
export const IMPORT_REFUSALS_TOLD_MAX = 1_000;
/** How long an import waits before it asks again whether the queue has room. */
export const IMPORT_WAIT_MS = 1_000;
/** Reads, or disclosures, that a patient's file holds. */
export const PATIENT_FILE_ITEMS_MAX = 100_000;
