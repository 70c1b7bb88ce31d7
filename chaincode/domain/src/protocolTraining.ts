/** How hospitals train and how their updates become the next version. */
import { z } from 'zod';
import { AggregationRule, ruleSettings } from './aggregationRule.js';
import { CLIP_NORM, WEIGHT_MAX } from './limits.js';

const LearningRate = z.number().positive().max(100);
const Decay = z.number().min(0).lt(1);

/** A hospital's own optimiser, fresh in every round. */
export const LocalOptimiser = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('sgd'), learningRate: LearningRate }),
  z.strictObject({ kind: z.literal('momentum'), learningRate: LearningRate, momentum: Decay.default(0.9) }),
  z.strictObject({
    kind: z.literal('adam'),
    learningRate: LearningRate,
    beta1: Decay.default(0.9),
    beta2: Decay.default(0.999),
  }),
]);
export type LocalOptimiser = z.infer<typeof LocalOptimiser>;

export const LocalTraining = z.strictObject({
  /** Optimiser steps in a round. */
  steps: z.int().min(1).max(100_000),
  /** Rows in a step: min(batchSize, rows). */
  batchSize: z.int().min(1).max(65_536),
  optimiser: LocalOptimiser,
  /** L2 penalty: l2/2 * ||kernels||² is added to the loss; biases are not penalised. */
  l2: z.number().min(0).max(100).default(0),
  /** FedProx's mu (Li et al., arXiv 1812.06127): mu/2 * ||w - w_base||² over shared tensors is added to the loss. */
  proximal: z.number().min(0).max(100).default(0),
});
export type LocalTraining = z.infer<typeof LocalTraining>;

/** Reddi et al., arXiv 2003.00295, algorithm 2: no bias correction. FedAvg with learning rate 1 is the plain mean. */
export const ServerOptimiser = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('fedavg'), learningRate: LearningRate.default(1) }),
  z.strictObject({ kind: z.literal('fedavgm'), learningRate: LearningRate.default(1), momentum: Decay.default(0.9) }),
  z.strictObject({
    kind: z.enum(['fedadagrad', 'fedadam', 'fedyogi']),
    learningRate: LearningRate,
    beta1: Decay.default(0.9),
    beta2: Decay.default(0.99),
    tau: z.number().positive().max(1).default(0.001),
  }),
]);
export type ServerOptimiser = z.infer<typeof ServerOptimiser>;

export const Aggregation = z.strictObject({
  rule: AggregationRule.default('weighted-mean'),
  ...ruleSettings,
  /**
   * `patients`: a hospital counts by its training patients, capped at weightMax. `equal`: each counts 1. Medians, trimmed
   * mean and Krum count each hospital with patients once in either case: a claimed number of patients buys no influence.
   */
  weights: z.enum(['patients', 'equal']).default('patients'),
  weightMax: z.int().min(1).max(1_000_000).default(WEIGHT_MAX),
  /** The L2 norm that an update is scaled down to before anything else. */
  clipNorm: z.number().positive().max(1_000).default(CLIP_NORM),
  server: ServerOptimiser.default({ kind: 'fedavg', learningRate: 1 }),
});
export type Aggregation = z.infer<typeof Aggregation>;
