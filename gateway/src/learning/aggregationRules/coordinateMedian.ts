/**
 * Coordinate-wise median: Yin, Chen, Ramchandran and Bartlett, "Byzantine-Robust Distributed Learning: Towards Optimal
 * Statistical Rates", ICML 2018, arXiv 1803.01498, definition 1. Each hospital counts once; of an even number the mean of
 * the two in the middle.
 *
 * With a minority of dishonest hospitals each value lies between two honest ones. The norm is at most sqrt(2) times the
 * longest update's.
 */
import type { Combine } from './combination.js';
import { sortedCoordinates } from './sortedCoordinates.js';

export const coordinateMedian: Combine = (updates, length) => {
  const upper = Math.floor(updates.length / 2);
  const lower = updates.length % 2 === 1 ? upper : upper - 1;
  const update = sortedCoordinates(updates, length, (sorted) =>
    lower === upper ? (sorted[upper] as number) : ((sorted[lower] as number) + (sorted[upper] as number)) / 2,
  );
  return { update };
};
