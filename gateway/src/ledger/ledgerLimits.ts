/** How long the ledger client waits, and how often it asks again. */

export const EVALUATE_MS_MAX = 10_000;
export const ENDORSE_MS_MAX = 15_000;
export const SUBMIT_MS_MAX = 10_000;
/** From a transaction's sending until its fate is called unknown: longer than a change of the ordering leader takes. */
export const COMMIT_MS_MAX = 60_000;

/** Proposals of one submit: a peer that lags by a block answers alike within a few. */
export const ENDORSE_ATTEMPTS_MAX = 6;
/** How often the same signed bytes are sent. They commit once at most. */
export const SEND_ATTEMPTS_MAX = 3;
/**
 * How often the same signed bytes go out again while their fate is not known, though an orderer took them: it may have lost
 * them. Longer than blocks take on a busy channel, so that this costs nothing there.
 */
export const RESUBMIT_MS = 10_000;
export const STATUS_BACKOFF_MS = 200;
/** How long a commit waits for the own mirror to have taken it in. */
export const MIRROR_LAG_MS_MAX = 5_000;

export const RECONNECT_BACKOFF_MS = 100;
export const RECONNECT_BACKOFF_MS_MAX = 1_000;
export const KEEPALIVE_MS = 20_000;
export const KEEPALIVE_ANSWER_MS_MAX = 10_000;
/** A block's events come in one message. */
export const MESSAGE_BYTES_MAX = 256 * 1024 * 1024;
/** Transactions that the mirror takes in at once when it catches up. */
export const CATCH_UP_TRANSACTIONS_MAX = 1_000;
/** No event for this long: the mirror has what its peer has. */
export const QUIET_MS = 300;

/** How long a channel waits before it tries again. */
export type Patience = Readonly<{
  /** Before the second proposal; doubled before each further one. */
  endorseBackoffMs: number;
  /** How long the fate of a transaction that no orderer confirmed is awaited before the same bytes are sent again. */
  sendAgainMs: number;
  /** The same, where an orderer has taken them. */
  resubmitMs: number;
}>;
export const PATIENCE: Patience = { endorseBackoffMs: 50, sendAgainMs: 3_000, resubmitMs: RESUBMIT_MS };
