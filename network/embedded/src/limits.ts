/** Every limit of the embedded channel, with its unit. Where Fabric has the same limit, it has Fabric's default. */

/** Largest message that a peer's endpoint or a chaincode stream takes (Fabric: 100 MiB). */
export const MESSAGE_BYTES_MAX = 100 * 1024 * 1024;
/** Largest transaction that is ordered (`Orderer.BatchSize.AbsoluteMaxBytes`). */
export const TRANSACTION_BYTES_MAX = 10 * 1024 * 1024;
/** A block is cut before its transactions exceed this (`Orderer.BatchSize.PreferredMaxBytes`). */
export const BLOCK_BYTES_PREFERRED = 2 * 1024 * 1024;
/** Transactions that wait to be ordered; beyond it a submit is refused. */
export const TRANSACTIONS_WAITING_MAX = 10_000;
/** Calls that one peer's gateway service runs at once (`peer.limits.concurrency.gatewayService`). */
export const GATEWAY_CALLS_MAX = 500;
/** Block and event streams that one peer serves at once (`peer.limits.concurrency.deliverService`). */
export const STREAMS_MAX = 2500;
/** Time that one chaincode call may take (`chaincode.executetimeout`). */
export const EXECUTE_MS_MAX = 30_000;
/** Time that a chaincode process has to answer the dial and register (`chaincode.startuptimeout` is 300 s). */
export const CHAINCODE_REGISTER_MS_MAX = 10_000;
/** Pauses between two dials of a chaincode process that does not answer: from the first, doubling, to the second. */
export const CHAINCODE_REDIAL_MS_MIN = 100;
export const CHAINCODE_REDIAL_MS_MAX = 800;
/** How far a proposal's clock may be off (`peer.authentication.timewindow`). */
export const CLOCK_WINDOW_MS_MAX = 15 * 60_000;
/** Results that one unpaged query returns (`ledger.state.totalQueryLimit`). */
export const QUERY_RESULTS_MAX = 100_000;
/** Results that travel to the chaincode in one message (`MaxResultLimit`). */
export const QUERY_BATCH_RESULTS_MAX = 100;
/** Identities whose certificate chain is remembered as checked. */
export const IDENTITIES_REMEMBERED_MAX = 1_000;
/** Signatures that are remembered as checked. */
export const SIGNATURES_REMEMBERED_MAX = 1_000;
/** Size of a serialised identity; a certificate with attributes has about 1 KiB. */
export const IDENTITY_BYTES_MAX = 16 * 1024;
/** Time that a clean stop may take before the process ends anyway. */
export const STOP_MS_MAX = 5_000;
