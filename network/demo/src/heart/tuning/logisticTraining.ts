/**
 * Logistic regression trained as the gateway's engine trains it, in plain double arithmetic: fast enough to train the
 * demo's model some ten thousand times. Weights are `[features + 1]`, the intercept last.
 */
import type { LocalTraining } from '@consilium/domain';
import { Draws } from './keystream.js';
import type { Rows } from './standardised.js';

const ADAM_EPSILON = 1e-8;
/** A patient's log-loss counts this much at most, in nats, as in the evaluation. */
const LOSS_MAX = 16;

/**
 * Weights of version 0: a kernel uniform in ±sqrt(6 / (in + out)) and an intercept of 0, as the gateways begin.
 * @param fan absent: that of the model's own kernel, `[features, 1]`
 */
export function initialWeights(
  features: number,
  seed: number,
  fan: Readonly<{ in: number; out: number }> = { in: features, out: 1 },
): Float64Array {
  const limit = Math.sqrt(6 / (fan.in + fan.out));
  const draws = new Draws('consilium-init', seed, 'output/kernel');
  const weights = new Float64Array(features + 1);
  for (let k = 0; k < features; k += 1) weights[k] = ((2 * draws.next24Bits() + 1 - 2 ** 24) / 2 ** 24) * limit;
  return weights;
}

/** Changes the weights in place by the steps of one round. The optimiser's state begins fresh. */
export function train(weights: Float64Array, rows: Rows, training: LocalTraining, draws: Draws): void {
  const step = optimiserOf(training.optimiser, weights.length);
  const batches = new Batches(rows.rows, training.batchSize, draws);
  const gradient = new Float64Array(weights.length);
  for (let count = 1; count <= training.steps; count += 1) {
    gradientOf(weights, rows, batches.next(), training.l2, gradient);
    step(weights, gradient, count);
  }
}

/** Mean gradient of the log-loss over a batch, and of the L2 penalty on the kernel. */
function gradientOf(weights: Float64Array, rows: Rows, batch: Int32Array, l2: number, gradient: Float64Array): void {
  const { features, inputs, labels } = rows;
  gradient.fill(0);
  for (let b = 0; b < batch.length; b += 1) {
    const row = batch[b] as number;
    const at = row * features;
    const error = (probability(weights, inputs, at, features) - (labels[row] as number)) / batch.length;
    for (let k = 0; k < features; k += 1) (gradient[k] as number) += error * (inputs[at + k] as number);
    (gradient[features] as number) += error;
  }
  for (let k = 0; k < features; k += 1) (gradient[k] as number) += l2 * (weights[k] as number);
}

function probability(weights: Float64Array, inputs: Float64Array, at: number, features: number): number {
  let logit = weights[features] as number;
  for (let k = 0; k < features; k += 1) logit += (weights[k] as number) * (inputs[at + k] as number);
  return 1 / (1 + Math.exp(-logit));
}

type Step = (weights: Float64Array, gradient: Float64Array, count: number) => void;

function optimiserOf(optimiser: LocalTraining['optimiser'], length: number): Step {
  const { kind, learningRate } = optimiser;
  if (kind === 'sgd')
    return (weights, gradient) => {
      for (let k = 0; k < length; k += 1) (weights[k] as number) -= learningRate * (gradient[k] as number);
    };
  const first = new Float64Array(length);
  if (kind === 'momentum') {
    const { momentum } = optimiser;
    return (weights, gradient) => {
      for (let k = 0; k < length; k += 1) {
        const velocity = momentum * (first[k] as number) + (gradient[k] as number);
        first[k] = velocity;
        (weights[k] as number) -= learningRate * velocity;
      }
    };
  }
  const second = new Float64Array(length);
  const { beta1, beta2 } = optimiser;
  return (weights, gradient, count) => {
    const firstBias = 1 - beta1 ** count;
    const secondBias = 1 - beta2 ** count;
    for (let k = 0; k < length; k += 1) {
      const g = gradient[k] as number;
      const mean = beta1 * (first[k] as number) + (1 - beta1) * g;
      const square = beta2 * (second[k] as number) + (1 - beta2) * g * g;
      first[k] = mean;
      second[k] = square;
      (weights[k] as number) -= (learningRate * (mean / firstBias)) / (Math.sqrt(square / secondBias) + ADAM_EPSILON);
    }
  };
}

/** Shuffled passes over the rows; a batch that the end of a pass cuts goes on with the next one. */
class Batches {
  readonly #order: Int32Array;
  readonly #batch: Int32Array;
  readonly #draws: Draws;
  #at: number;

  constructor(rows: number, size: number, draws: Draws) {
    this.#order = Int32Array.from({ length: rows }, (_, row) => row);
    this.#batch = new Int32Array(Math.min(size, rows));
    this.#draws = draws;
    this.#at = rows;
  }

  next(): Int32Array {
    // All rows are all rows in any order.
    if (this.#batch.length === this.#order.length) return this.#order;
    for (let k = 0; k < this.#batch.length; k += 1) {
      if (this.#at === this.#order.length) {
        this.#draws.shuffle(this.#order);
        this.#at = 0;
      }
      this.#batch[k] = this.#order[this.#at++] as number;
    }
    return this.#batch;
  }
}

/** `[rows]`: probabilities of label 1. */
export function scoresOf(weights: Float64Array, { rows, features, inputs }: Rows): Float64Array {
  return Float64Array.from({ length: rows }, (_, row) => probability(weights, inputs, row * features, features));
}

/** Sum over rows of the log-loss, in nats. */
export function lossOf(scores: Float64Array, labels: Float64Array): number {
  return scores.reduce(
    (sum, score, row) => sum + Math.min(LOSS_MAX, -Math.log(labels[row] === 1 ? score : 1 - score)),
    0,
  );
}
