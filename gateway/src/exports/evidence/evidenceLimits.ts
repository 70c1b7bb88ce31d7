/** Bounds of what one pack holds. */

/** Questions that are put to the peers at once: one is read while another is signed. More would only wait for each other. */
export const QUESTIONS_AT_ONCE = 2;
/** Blocks of a pack that shows the order of all. */
export const WHOLE_BLOCKS_MAX = 100_000;
