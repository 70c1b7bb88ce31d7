/** What an aggregation rule makes of single updates. */
import type { SingleUpdate } from './singleUpdate.js';

export type Combination = Readonly<{
  /** `[elements]`: the update by which the model moves. */
  update: Float64Array;
  /** By update, where the rule gives scores: the lower, the closer to the others. */
  krumScores?: readonly number[];
  /** Indices of the updates that the rule chose, where it chooses. */
  chosen?: readonly number[];
}>;

/**
 * Only + - * / and Math.sqrt on doubles, in a fixed order, so that every hospital comes to the same bytes.
 * @param updates of hospitals with patients, in the byte order of MSP ids, as many as the rule needs
 * @param length elements of each
 */
export type Combine = (updates: readonly SingleUpdate[], length: number) => Combination;
