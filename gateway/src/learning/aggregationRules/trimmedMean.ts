/**
 * Coordinate-wise trimmed mean: Yin, Chen, Ramchandran and Bartlett, "Byzantine-Robust Distributed Learning: Towards
 * Optimal Statistical Rates", ICML 2018, arXiv 1803.01498, definition 2. Each hospital counts once. Of each coordinate the
 * `trim` lowest and the `trim` highest values are left out, the others added from the lowest on and divided by their number.
 *
 * With at most `trim` dishonest hospitals each value lies between two honest ones.
 */
import type { Combine } from './combination.js';
import { sortedCoordinates } from './sortedCoordinates.js';

export function trimmedMean(trim: number): Combine {
  return (updates, length) => {
    const kept = updates.length - 2 * trim;
    const update = sortedCoordinates(updates, length, (sorted) => {
      let sum = 0;
      for (let k = trim; k < trim + kept; k++) sum += sorted[k] as number;
      return sum / kept;
    });
    return { update };
  };
}
