/** Figures of hospitals, and what only this hospital's own people may see. */
import { Digest, HospitalEvaluation, LocalTraining, Metrics, RoundNumber, StudyId } from '@consilium/domain';
import { z } from 'zod';
import { RecordedAt } from './record.js';

export const EvaluationResource = z.object({ ...HospitalEvaluation.shape, record: RecordedAt });
export type EvaluationResource = z.infer<typeof EvaluationResource>;

/** A test row: what the model says and what is true. `line` is its line in this hospital's own source, from 1. */
export const ScoredRow = z.object({ line: z.int().min(1), score: z.number(), label: z.number() });
export type ScoredRow = z.infer<typeof ScoredRow>;

/** What computed: `tfjs-node` or `wasm`, and its version. */
export const Engine = z.object({ name: z.string(), version: z.string() });
export type Engine = z.infer<typeof Engine>;

/** This hospital's own test rows under a version. */
export const PredictionsResource = z.object({
  study: StudyId,
  version: RoundNumber,
  digest: Digest,
  engine: Engine,
  rows: z.array(ScoredRow),
});
export type PredictionsResource = z.infer<typeof PredictionsResource>;

const { steps, batchSize, optimiser, l2, proximal } = LocalTraining.shape;

/**
 * The study's model, trained on this hospital's rows alone. What is left out is the study's own.
 * `averageFromStep`: the mean of the weights after this step and each later one is evaluated, instead of the last ones.
 */
export const BaselineBody = z.strictObject({
  training: z
    .strictObject({
      steps: steps.optional(),
      batchSize: batchSize.optional(),
      optimiser: optimiser.optional(),
      // Without their defaults: what is absent must not override the study's.
      l2: l2.unwrap().optional(),
      proximal: proximal.unwrap().optional(),
      averageFromStep: z.int().min(0).max(100_000).optional(),
    })
    .default({}),
});
export type BaselineBody = z.input<typeof BaselineBody>;

export const BaselineResult = z.object({
  study: StudyId,
  engine: Engine,
  trainingRows: z.int().min(0),
  /** Training rows with a label of 1; null for a numeric label. */
  trainingPositives: z.int().min(0).nullable(),
  /** On this hospital's own test rows. */
  metrics: Metrics,
  rows: z.array(ScoredRow),
  seconds: z.number().min(0),
});
export type BaselineResult = z.infer<typeof BaselineResult>;

const Count = z.int().min(0);
const Purposes = { train: Count, validation: Count, test: Count };

/** How this hospital's source was read for a study: what is used, what was dropped and why. Counts only. */
export const DataReportResource = z.object({
  study: StudyId,
  file: z.string(),
  columns: z.array(z.string()),
  rowsRead: Count,
  unusedLines: Count,
  /** Usable rows of patients whose consent does not allow the study, where it asks for consent. */
  withoutConsent: Count.optional(),
  used: z.object({ ...Purposes, leftOut: Count }),
  dropped: z.object({ rows: Count, byColumn: z.record(z.string(), Count) }),
  /** Absent for a numeric label. */
  positives: z.object(Purposes).optional(),
  warnings: z.array(z.string()),
});
export type DataReportResource = z.infer<typeof DataReportResource>;
