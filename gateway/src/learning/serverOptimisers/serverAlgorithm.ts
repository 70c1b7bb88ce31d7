/** What an algorithm that turns the mean update into the next version looks like. */

/** First and second moment: each a tensor of doubles beside each shared tensor, kept in the version file. */
export type Moment = 'm' | 'v';
export type Moments = Readonly<Partial<Record<Moment, Float64Array>>>;

/**
 * Only + - * / and Math.sqrt on doubles, in the order in which the formulas stand, the result rounded to Float32 once: the
 * same bytes in every hospital.
 */
export interface ServerAlgorithm {
  /** Which moments it keeps. */
  readonly moments: readonly Moment[];
  /** What the elements of a moment begin with. */
  start(moment: Moment): number;
  /**
   * One step of one tensor.
   * @param base the base version's weights
   * @param delta the mean update, as many elements
   * @param moments those of `moments`, as many elements each; written in place
   * @returns the new weights
   */
  step(base: Float32Array, delta: Float64Array, moments: Moments): Float32Array;
}
