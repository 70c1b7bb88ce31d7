/**
 * Krum: Blanchard, El Mhamdi, Guerraoui and Stainer, "Machine Learning with Adversaries: Byzantine Tolerant Gradient
 * Descent", NeurIPS 2017, arXiv 1703.02757, section 4. The score of an update is the sum of its squared distances to the
 * n - f - 2 updates that are closest to it, of n updates of which f may be dishonest (n >= 2f + 3). The update with the
 * lowest score is taken as it is; of equal scores that of the lower MSP id.
 */
import type { Combine } from './combination.js';
import { type SingleUpdate, squaredDistance, valueAt } from './singleUpdate.js';

export function krum(dishonestMax: number): Combine {
  return (updates, length) => {
    const krumScores = krumScoresOf(updates, dishonestMax);
    const best = byScore(krumScores)[0] as number;
    const update = Float64Array.from({ length }, (_, i) => valueAt(updates[best] as SingleUpdate, i));
    return { update, krumScores, chosen: [best] };
  };
}

/** Squared distances are added from the smallest on. */
export function krumScoresOf(updates: readonly SingleUpdate[], dishonestMax: number): number[] {
  const distances = updates.map((update, one) =>
    updates.map((other, k) => (k > one ? squaredDistance(update, (i) => valueAt(other, i)) : 0)),
  );
  const between = (one: number, other: number) => distances[Math.min(one, other)]?.[Math.max(one, other)] as number;
  return updates.map((_, one) =>
    updates
      .map((_, other) => other)
      .filter((other) => other !== one)
      .map((other) => between(one, other))
      .sort((a, b) => a - b)
      .slice(0, updates.length - dishonestMax - 2)
      .reduce((sum, distance) => sum + distance, 0),
  );
}

/** Indices of updates from the lowest score to the highest, of equal ones the lower index first. */
export function byScore(scores: readonly number[]): number[] {
  return scores.map((_, index) => index).sort((a, b) => (scores[a] as number) - (scores[b] as number) || a - b);
}
