/** What a file of a hospital's rows may hold. A limit that is hit is DATA_TOO_LARGE, never silence. */

export const BYTES_MAX = 1024 ** 3;
export const ROWS_MAX = 1_000_000;
/** One row of a file, line breaks inside quotes included. */
export const RECORD_BYTES_MAX = 1024 ** 2;
/** Encoded numbers of all usable rows together: 400 MB as float32. */
export const ENCODED_VALUES_MAX = 100_000_000;
/** From opening a file to its last row: a dead network drive must not hold a training job for ever. */
export const READ_MS_MAX = 10 * 60_000;
