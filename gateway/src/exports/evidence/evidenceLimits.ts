/** Bounds of what one pack holds. */

/** Questions that are put to the peers at once. */
export const QUESTIONS_AT_ONCE = 4;
/** Blocks of a pack that shows the order of all. */
export const WHOLE_BLOCKS_MAX = 100_000;
