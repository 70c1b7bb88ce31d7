/** How much goes between hospitals at once, and how long it may take. */
import { VECTOR_ELEMENTS_MAX } from '@consilium/domain';

export const VECTOR_BYTES_MAX = VECTOR_ELEMENTS_MAX * 4;
/** A version file: F32 weights, F64 optimiser state (twice), F64 running sum, and a header. */
export const BLOB_BYTES_MAX = VECTOR_ELEMENTS_MAX * 28 + 1024 * 1024;
/** Bytes of bodies that are being received at one time; beyond it a sender is told to come back. */
export const BYTES_IN_FLIGHT_MAX = 2 * VECTOR_BYTES_MAX;
export const ANSWER_BYTES_MAX = 64 * 1024;

export const CONNECT_MS_MAX = 5_000;
/** Until an answer's head: the other side checks, stores and signs before it answers. */
export const ANSWER_MS_MAX = 60_000;
/** Between two pieces of a body. */
export const STALL_MS_MAX = 15_000;
/** A whole push or fetch of the largest body. */
export const TRANSFER_MS_MAX = 15 * 60_000;
export const KEEP_ALIVE_MS = 60_000;

/** Pushes and fetches of this gateway that run at one time; the others wait for their turn. */
export const TRANSFERS_MAX = 8;
export const CONNECTIONS_PER_PEER_MAX = 4;
/** Connections that other gateways hold open here. */
export const CONNECTIONS_MAX = 200;
