/** Differential privacy of a study: what each hospital adds to its training, and what that costs its patients. */
import { z } from 'zod';
import { NOISE_MULTIPLIER_MAX, NOISE_MULTIPLIER_MIN } from './accountant.js';
import { Msp } from './ids.js';
import { PATIENT_CLIP_NORM_MAX, PRIVACY_BUDGET_MICRO_MAX, PRIVACY_DELTA_MAX, TRAINING_ROUNDS_MAX } from './limits.js';

/**
 * Where a protocol has this, each hospital trains by DP-SGD with full noise on its own patients: its update is (epsilon,
 * delta)-private by itself, whatever the other hospitals do. Neighbours differ by one patient of one hospital, with all of
 * that patient's rows. The local training's `batchSize` does not apply: a step takes each patient with probability q.
 */
export const StudyPrivacy = z.strictObject({
  /** q: the probability that a patient is in a step. 1: every patient is in every step. */
  samplingRate: z.number().gt(0).max(1),
  /** sigma: the noise's standard deviation on the sum of gradients is sigma times patientClipNorm. */
  noiseMultiplier: z.number().min(NOISE_MULTIPLIER_MIN).max(NOISE_MULTIPLIER_MAX),
  /** The L2 norm that one patient's gradient is scaled down to, over all tensors, personal ones too. */
  patientClipNorm: z.number().positive().max(PATIENT_CLIP_NORM_MAX),
  delta: z.number().positive().max(PRIVACY_DELTA_MAX),
  /** Millionths of epsilon that the patients of a hospital may spend in this study, over all its versions. */
  budgetMicroEpsilon: z.int().min(1).max(PRIVACY_BUDGET_MICRO_MAX),
  /**
   * Millionths of epsilon spent after a hospital's first, second, … training round: as many entries as the study has rounds.
   * Each gateway compares them with the accountant before it approves; the contract only looks them up.
   */
  spentMicroEpsilonAfterRound: z
    .array(z.int().min(0))
    .min(1)
    .max(2 * TRAINING_ROUNDS_MAX),
  /** Training patients that each hospital says it has: weights and divisors use this number and never the true one. */
  declaredPatients: z.record(Msp, z.int().min(1).max(10_000_000)),
});
export type StudyPrivacy = z.infer<typeof StudyPrivacy>;

/** What somebody wants of it; noise and table follow. */
export const PrivacyWish = z.strictObject({
  ...StudyPrivacy.pick({ samplingRate: true, patientClipNorm: true, delta: true, declaredPatients: true }).shape,
  /** What all training rounds together may cost a patient, to the millionth. */
  epsilon: z
    .number()
    .min(1e-6)
    .max(PRIVACY_BUDGET_MICRO_MAX / 1e6),
});
export type PrivacyWish = z.infer<typeof PrivacyWish>;
