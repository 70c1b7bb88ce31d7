/**
 * FedAvgM: Hsu, Qi and Brown, "Measuring the Effects of Non-Identical Data Distribution for Federated Visual
 * Classification", arXiv 1909.06335. Momentum on the server.
 *
 * m = momentum * m + d;  w_new = w + rate * m
 */
import type { ServerAlgorithm } from './serverAlgorithm.js';

export function fedAvgM(learningRate: number, momentum: number): ServerAlgorithm {
  return {
    moments: ['m'],
    start: () => 0,
    step(base, delta, moments) {
      const m = moments.m as Float64Array;
      return base.map((weight, i) => {
        const first = momentum * (m[i] as number) + (delta[i] as number);
        m[i] = first;
        return weight + learningRate * first;
      });
    },
  };
}
