/**
 * Norm-clipped weighted mean: Sun, Kairouz, Suresh and McMahan, "Can You Really Backdoor Federated Learning?", 2019, arXiv
 * 1911.07963, section 4 (norm thresholding). Every update is scaled down to the clip norm before the weighted mean, by who
 * adds up and not by its sender alone; so the mean is no longer than the clip norm, whatever is sent.
 *
 * update = (sum of clipFactor_i * v_i) / S / (sum of w_i), v_i the integers sent
 */
import type { Combine } from './combination.js';

export const normClippedMean: Combine = (updates, length) => {
  const update = new Float64Array(length);
  let weights = 0;
  let scale = 1;
  for (const { elements, clipFactor, weight, divisor } of updates) {
    weights += weight;
    scale = divisor / weight;
    for (let i = 0; i < length; i++) update[i] = (update[i] as number) + clipFactor * (elements[i] as number);
  }
  for (let i = 0; i < length; i++) update[i] = (update[i] as number) / scale / weights;
  return { update };
};
