/** What a model says of rows, and how far off it is. */
import { LOSS_PER_PATIENT_MAX, type StudyProtocol } from '@consilium/domain';
import type { Tensorflow } from './engines/engine.js';
import type { Network } from './models/network.js';

/** Rows that go through a network at once. */
const ROWS_AT_ONCE_MAX = 1_024;

/** Each `[rows]`, for the rows asked for, in their order. */
export type Scored = Readonly<{
  rows: readonly number[];
  /** Probability of a positive, or the predicted value of a numeric label mapped to [-1, 1]. */
  scores: Float64Array;
  /** 0 or 1, or the value mapped to [-1, 1]. */
  labels: Float64Array;
  /** Log-loss in nats, or squared error; at most LOSS_PER_PATIENT_MAX. */
  losses: Float64Array;
}>;

export type ScoringInput = Readonly<{
  /** `[rows, features]`, standardised. */
  features: Float32Array;
  featureCount: number;
  labels: Float32Array;
}>;

/**
 * A row on which the model gives NaN costs the most that a row can cost, and scores one half (0 for a numeric label): a
 * version that has come apart is judged, it does not stop the round.
 */
export function scoreRows(
  tf: Tensorflow,
  network: Network,
  label: StudyProtocol['label'],
  input: ScoringInput,
  rows: readonly number[],
): Scored {
  const outputs = networkOutputs(tf, network, input, rows);
  const labels = Float64Array.from(rows, (row) => input.labels[row] as number);
  const scores = outputs.map((output) => (label.kind === 'binary' ? sigmoid(output) : output));
  const losses = outputs.map((output, k) => {
    const loss = label.kind === 'binary' ? logLoss(output, labels[k] as number) : (output - (labels[k] as number)) ** 2;
    return Number.isNaN(loss) ? LOSS_PER_PATIENT_MAX : Math.min(loss, LOSS_PER_PATIENT_MAX);
  });
  const nothing = label.kind === 'binary' ? 0.5 : 0;
  return { rows, scores: scores.map((score) => (Number.isNaN(score) ? nothing : score)), labels, losses };
}

function networkOutputs(
  tf: Tensorflow,
  network: Network,
  { features, featureCount }: ScoringInput,
  rows: readonly number[],
): Float64Array {
  const outputs = new Float64Array(rows.length);
  for (let start = 0; start < rows.length; start += ROWS_AT_ONCE_MAX) {
    const part = rows.slice(start, start + ROWS_AT_ONCE_MAX);
    const x = new Float32Array(part.length * featureCount);
    for (const [k, row] of part.entries())
      x.set(features.subarray(row * featureCount, (row + 1) * featureCount), k * featureCount);
    outputs.set(
      tf.tidy(() => network.outputs(tf.tensor2d(x, [part.length, featureCount]), false).dataSync()),
      start,
    );
  }
  return outputs;
}

function sigmoid(logOdds: number): number {
  return 1 / (1 + Math.exp(-logOdds));
}

/** -log p(label) of log-odds, without overflow. */
function logLoss(logOdds: number, label: number): number {
  return Math.max(logOdds, 0) - logOdds * label + Math.log1p(Math.exp(-Math.abs(logOdds)));
}
