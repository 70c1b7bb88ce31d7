/** Looks at one coordinate of all updates after another, its values from the lowest to the highest. */
import { type SingleUpdate, valueAt } from './singleUpdate.js';

/** @param reduce gets an array that is used again for the next coordinate */
export function sortedCoordinates(
  updates: readonly SingleUpdate[],
  length: number,
  reduce: (sorted: Float64Array) => number,
): Float64Array {
  const out = new Float64Array(length);
  const sorted = new Float64Array(updates.length);
  for (let i = 0; i < length; i++) {
    for (const [k, update] of updates.entries()) insert(sorted, k, valueAt(update, i));
    out[i] = reduce(sorted);
  }
  return out;
}

/** Puts a value into its place among the first `count`, which are sorted: few hospitals, so the plainest sort is fastest. */
function insert(sorted: Float64Array, count: number, value: number): void {
  let at = count;
  while (at > 0 && (sorted[at - 1] as number) > value) {
    sorted[at] = sorted[at - 1] as number;
    at--;
  }
  sorted[at] = value;
}
