/**
 * FedYogi: Reddi et al., "Adaptive Federated Optimization", arXiv 2003.00295, algorithm 2; see adaptive.ts.
 *
 * v = v - ((1 - beta2) * (d * d)) * sign(v - d * d)
 */
import { type AdaptiveSettings, adaptive } from './adaptive.js';
import type { ServerAlgorithm } from './serverAlgorithm.js';

export function fedYogi(settings: AdaptiveSettings): ServerAlgorithm {
  const { beta2 } = settings;
  return adaptive(settings, (v, square) => v - (1 - beta2) * square * Math.sign(v - square));
}
