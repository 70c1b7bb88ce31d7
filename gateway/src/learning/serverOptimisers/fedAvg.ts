/**
 * FedAvg: McMahan, Moore, Ramage, Hampson and Agüera y Arcas, "Communication-Efficient Learning of Deep Networks from
 * Decentralized Data", AISTATS 2017, arXiv 1602.05629; with a server learning rate (1 there).
 *
 * w_new = w + rate * d
 */
import type { ServerAlgorithm } from './serverAlgorithm.js';

export function fedAvg(learningRate: number): ServerAlgorithm {
  return {
    moments: [],
    start: () => 0,
    step(base, delta) {
      const after = new Float32Array(base.length);
      for (let i = 0; i < after.length; i++) after[i] = (base[i] as number) + learningRate * (delta[i] as number);
      return after;
    },
  };
}
