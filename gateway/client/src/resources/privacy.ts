/** Differential privacy: what noise a target takes, what a study's rounds cost, and what this hospital has spent. */
import {
  NOISE_MULTIPLIER_MAX,
  NOISE_MULTIPLIER_MIN,
  PRIVACY_BUDGET_MICRO_MAX,
  PRIVACY_DELTA_MAX,
  PRIVATE_STEPS_MAX,
  PrivacySpending,
  TRAINING_ROUNDS_MAX,
} from '@consilium/domain';
import { z } from 'zod';

const Delta = z.number().gt(0).max(PRIVACY_DELTA_MAX);
const SamplingRate = z.number().gt(0).max(1);
const Steps = z.int().min(1).max(PRIVATE_STEPS_MAX);
const NoiseMultiplier = z.number().min(NOISE_MULTIPLIER_MIN).max(NOISE_MULTIPLIER_MAX);

/** Numbers stand in queries as text. */
function asText<Shape extends z.ZodType<number, number>>(shape: Shape) {
  return z
    .string()
    .max(40)
    .regex(/^(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$/, 'a decimal number, such as 0.5 or 1e-5')
    .transform(Number)
    .pipe(shape);
}

/** A target: what a patient may lose, over how many steps. */
export const NoiseTarget = z.strictObject({
  epsilon: z
    .number()
    .gt(0)
    .max(PRIVACY_BUDGET_MICRO_MAX / 1e6),
  delta: Delta,
  /** q: the probability that a patient is in a step. */
  samplingRate: SamplingRate,
  /** Local steps of all training rounds together. */
  steps: Steps,
});
export type NoiseTarget = z.infer<typeof NoiseTarget>;
export const NoiseQuery = z.strictObject({
  epsilon: asText(NoiseTarget.shape.epsilon),
  delta: asText(Delta),
  samplingRate: asText(SamplingRate),
  steps: asText(Steps),
});

export const NoiseResource = z.object({
  ...NoiseTarget.shape,
  /** sigma: the least that keeps within the target, rounded up to `precision`. */
  noiseMultiplier: NoiseMultiplier,
  precision: z.number(),
  /** What that noise spends: an upper bound, never above the target, and the Rényi order that gave it. */
  spent: z.object({ epsilon: z.number(), order: z.int() }),
});
export type NoiseResource = z.infer<typeof NoiseResource>;

/** The settings that a protocol's table follows from. */
export const TableSettings = z.strictObject({
  samplingRate: SamplingRate,
  noiseMultiplier: NoiseMultiplier,
  delta: Delta,
  /** Local steps of one round. */
  steps: Steps,
  /** Rounds of the study in all. */
  rounds: z
    .int()
    .min(1)
    .max(2 * TRAINING_ROUNDS_MAX),
});
export type TableSettings = z.infer<typeof TableSettings>;
export const TableQuery = z.strictObject({
  samplingRate: asText(SamplingRate),
  noiseMultiplier: asText(NoiseMultiplier),
  delta: asText(Delta),
  steps: asText(Steps),
  rounds: asText(TableSettings.shape.rounds),
});

/** The table of a protocol, as `privacy.spentMicroEpsilonAfterRound` has it: millionths of epsilon, rounded up. */
export const TableResource = z.object({
  ...TableSettings.shape,
  spentMicroEpsilonAfterRound: z.array(z.int().min(0)),
});
export type TableResource = z.infer<typeof TableResource>;

/** What this hospital has spent in each study, as the channel says. */
export const SpendingResource = z.object({
  studies: z.array(
    z.object({
      ...PrivacySpending.pick({ study: true, joins: true, microEpsilon: true }).shape,
      title: z.string(),
      delta: z.number(),
      budgetMicroEpsilon: z.int(),
    }),
  ),
  /** For a patient who was in all of them: epsilons and deltas of studies add up. */
  total: z.object({ microEpsilon: z.int(), delta: z.number() }),
});
export type SpendingResource = z.infer<typeof SpendingResource>;
