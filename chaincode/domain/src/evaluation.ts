/** What a round's sum says about a model, in integers, so that every hospital attests the same. */
import { z } from 'zod';
import { Instant, Msp, RoundNumber, StudyId } from './ids.js';

const Count = z.int().min(0);
/** Groups of equal score width that calibration is told in. */
export const CALIBRATION_GROUPS = 10;

/** From the summed histograms of a binary label's score. */
export const BinaryMetrics = z.strictObject({
  kind: z.literal('binary'),
  patients: Count,
  positives: Count,
  /** Positives with a score of at least one half, negatives with a lower one. */
  truePositives: Count,
  trueNegatives: Count,
  /** Pairs of a positive and a negative in different bins, the positive higher; and pairs in one bin. */
  concordantPairs: Count,
  tiedPairs: Count,
  /** Sum of log-loss in nats times the study's loss scale. */
  loss: z.int(),
  /** Patients and positives by tenth of the score; null where one of the groups is a small cell that is suppressed. */
  calibration: z
    .array(z.tuple([Count, Count]))
    .length(CALIBRATION_GROUPS)
    .nullable(),
});
export type BinaryMetrics = z.infer<typeof BinaryMetrics>;

/** From the sums of a numeric label, mapped to [-1, 1]. */
export const NumberMetrics = z.strictObject({
  kind: z.literal('number'),
  patients: Count,
  /** Sums of squared and absolute error, each patient's at most 16, times the study's loss scale. */
  loss: z.int(),
  absoluteError: z.int(),
});
export type NumberMetrics = z.infer<typeof NumberMetrics>;

export const Metrics = z.discriminatedUnion('kind', [BinaryMetrics, NumberMetrics]);
export type Metrics = z.infer<typeof Metrics>;

/** Null stands for figures that small cells suppress. */
export const RoundResult = z.strictObject({
  /** Training: the sum of weights. */
  weight: z.int().min(0).optional(),
  statistics: z.strictObject({ patients: Count.nullable(), positives: Count.nullable() }).optional(),
  /** The base on validation rows, and its parent's loss on the same rows where the base is a candidate (else 0). */
  validation: z
    .strictObject({ patients: Count, loss: z.int(), parentLoss: z.int(), metrics: Metrics.nullable() })
    .optional(),
  /** Evaluation round: what would be released on test rows, and its parent where the base is a candidate. */
  test: z.strictObject({ base: Metrics.nullable(), parent: Metrics.nullable().optional() }).optional(),
});
export type RoundResult = z.infer<typeof RoundResult>;

/** A hospital's own figures on its own test rows, where the protocol says `metrics: open`. */
export const HospitalEvaluation = z.strictObject({
  study: StudyId,
  round: RoundNumber,
  msp: Msp,
  trainingPatients: Count,
  base: Metrics,
  parent: Metrics.optional(),
  reportedAt: Instant,
});
export type HospitalEvaluation = z.infer<typeof HospitalEvaluation>;

/** Area under the ROC curve with ties counted half; null with one class. */
export function areaUnderCurve(metrics: BinaryMetrics): number | null {
  const pairs = metrics.positives * (metrics.patients - metrics.positives);
  return pairs === 0 ? null : (metrics.concordantPairs + metrics.tiedPairs / 2) / pairs;
}

/** How far the true area may lie from `areaUnderCurve` because scores of one bin are not told apart; null with one class. */
export function areaTieBound(metrics: BinaryMetrics): number | null {
  const pairs = metrics.positives * (metrics.patients - metrics.positives);
  return pairs === 0 ? null : metrics.tiedPairs / 2 / pairs;
}

/** Share of patients whose class the score names at one half; null without patients. */
export function accuracy(metrics: BinaryMetrics): number | null {
  return metrics.patients === 0 ? null : (metrics.truePositives + metrics.trueNegatives) / metrics.patients;
}

/** Mean loss a patient: log-loss in nats, or squared error of the label mapped to [-1, 1]; null without patients. */
export function meanLoss(metrics: Metrics, scale: number): number | null {
  return metrics.patients === 0 ? null : metrics.loss / scale / metrics.patients;
}
