/**
 * Geometric median: Pillutla, Kakade and Harchaoui, "Robust Aggregation for Federated Learning", IEEE Transactions on Signal
 * Processing 2022, arXiv 1912.13445, algorithm 2: the smoothed Weiszfeld iteration, from the mean on, a fixed number of
 * steps. Each hospital counts once.
 *
 * z = z + (sum of b_i (u_i - z)) / (sum of b_i), b_i = 1 / max(SMOOTHING, ||z - u_i||)
 */
import { GEOMETRIC_MEDIAN_STEPS } from '@consilium/domain';
import type { Combine } from './combination.js';
import { meanOf, squaredDistance, valueAt } from './singleUpdate.js';

/** The paper's nu: an update that lies where z is does not count without end. */
const SMOOTHING = 1e-6;

export const geometricMedian: Combine = (updates, length) => {
  const centre = meanOf(updates, length);
  const move = new Float64Array(length);
  for (let step = 0; step < GEOMETRIC_MEDIAN_STEPS; step++) {
    const shares = updates.map((update) => {
      const distance = Math.sqrt(squaredDistance(update, (i) => centre[i] as number));
      return 1 / Math.max(SMOOTHING, distance);
    });
    const total = shares.reduce((sum, share) => sum + share, 0);
    move.fill(0);
    for (const [k, update] of updates.entries()) {
      const share = shares[k] as number;
      for (let i = 0; i < length; i++)
        move[i] = (move[i] as number) + share * (valueAt(update, i) - (centre[i] as number));
    }
    for (let i = 0; i < length; i++) centre[i] = (centre[i] as number) + (move[i] as number) / total;
  }
  return { update: centre };
};
