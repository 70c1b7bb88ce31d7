/**
 * FedAdagrad: Reddi et al., "Adaptive Federated Optimization", arXiv 2003.00295, algorithm 2; see adaptive.ts.
 *
 * v = v + d * d
 */
import { type AdaptiveSettings, adaptive } from './adaptive.js';
import type { ServerAlgorithm } from './serverAlgorithm.js';

export function fedAdagrad(settings: AdaptiveSettings): ServerAlgorithm {
  return adaptive(settings, (v, square) => v + square);
}
