/**
 * What FedAdagrad, FedAdam and FedYogi share: Reddi, Charles, Zaheer, Garrett, Rush, Konečný, Kumar and McMahan,
 * "Adaptive Federated Optimization", ICLR 2021, arXiv 2003.00295, algorithm 2. No bias correction.
 *
 * m = beta1 * m + (1 - beta1) * d;  v by each algorithm;  w_new = w + (rate * m) / (sqrt(v) + tau)
 *
 * m begins with 0 and v with tau * tau.
 */
import type { ServerAlgorithm } from './serverAlgorithm.js';

export type AdaptiveSettings = Readonly<{ learningRate: number; beta1: number; beta2: number; tau: number }>;

/** @param second the new v, from the old v and d * d */
export function adaptive(
  { learningRate, beta1, tau }: AdaptiveSettings,
  second: (v: number, square: number) => number,
): ServerAlgorithm {
  return {
    moments: ['m', 'v'],
    start: (moment) => (moment === 'v' ? tau * tau : 0),
    step(base, delta, moments) {
      const m = moments.m as Float64Array;
      const v = moments.v as Float64Array;
      return base.map((weight, i) => {
        const d = delta[i] as number;
        const firstMoment = beta1 * (m[i] as number) + (1 - beta1) * d;
        const secondMoment = second(v[i] as number, d * d);
        m[i] = firstMoment;
        v[i] = secondMoment;
        return weight + (learningRate * firstMoment) / (Math.sqrt(secondMoment) + tau);
      });
    },
  };
}
