/**
 * Multi-Krum: Blanchard, El Mhamdi, Guerraoui and Stainer, "Machine Learning with Adversaries: Byzantine Tolerant Gradient
 * Descent", NeurIPS 2017, arXiv 1703.02757, section 4: the mean of the m updates of lowest Krum score. m is at most
 * n - f - 2 (El Mhamdi, Guerraoui and Rouault, "The Hidden Vulnerability of Distributed Learning in Byzantium", ICML 2018,
 * arXiv 1802.07927, proposition 2: beyond that a dishonest update may be among them).
 */
import type { Combine } from './combination.js';
import { byScore, krumScoresOf } from './krum.js';
import { meanOf, type SingleUpdate } from './singleUpdate.js';

/** @param selected m; absent, or more than n - f - 2 of a round: n - f - 2 */
export function multiKrum(dishonestMax: number, selected: number | undefined): Combine {
  return (updates, length) => {
    const krumScores = krumScoresOf(updates, dishonestMax);
    const most = updates.length - dishonestMax - 2;
    const chosen = byScore(krumScores)
      .slice(0, Math.min(selected ?? most, most))
      .sort((a, b) => a - b);
    const update = meanOf(
      chosen.map((index) => updates[index] as SingleUpdate),
      length,
    );
    return { update, krumScores, chosen };
  };
}
