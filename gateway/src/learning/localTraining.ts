/** Minibatch training of a network on a hospital's own rows. */

import { type LocalTraining, refusal, type StudyProtocol } from '@consilium/domain';
import type { Tensor, Variable } from '@tensorflow/tfjs';
import type { BatchOrder } from './batchOrder.js';
import type { Tensorflow } from './engines/engine.js';
import { localSteps } from './localOptimiser.js';
import { lossGradientOf } from './lossGradient.js';
import { type Network, readValues, type TensorValues } from './models/network.js';
import { penaltiesOf } from './penalties.js';

/** How often training tells how far it is, and lets the process do something else. */
const PROGRESS_MS = 250;

/** A network, a hospital's rows, and what they are trained by. */
export type StepsJob = Readonly<{
  tf: Tensorflow;
  network: Network;
  training: LocalTraining;
  label: StudyProtocol['label'];
  /** `[rows, features]`, standardised. */
  features: Float32Array;
  featureCount: number;
  labels: Float32Array;
  /** Where the FedProx term pulls to: shared tensors by name. */
  base: TensorValues;
  /** Named in errors. */
  round: number | string;
  /** Called after each step, for whoever averages weights. */
  afterStep?: (step: number) => void;
  onProgress?: (step: number) => void | Promise<void>;
}>;

export type TrainingJob = StepsJob & Readonly<{ order: BatchOrder }>;

/**
 * Trains on one batch after another; the network then holds what they gave.
 * @throws ConsiliumError TRAINING_NOT_FINITE
 */
export async function trainLocally(job: TrainingJob): Promise<Map<string, Float32Array>> {
  const { tf, network, order } = job;
  const lossGradient = lossGradientOf(tf, job.label);
  const trained = network.trainable.map((name) => [name, network.variables.get(name) as Variable] as const);
  const variables = trained.map(([, variable]) => variable);
  return runSteps(job, () => {
    const { x, y } = batchOf(job, order.next());
    const { grads } = tf.variableGrads(() => lossGradient(network.outputs(x, true), y), variables);
    return new Map(trained.map(([name, variable]) => [name, grads[variable.name]]));
  });
}

/**
 * Runs the protocol's steps of its optimiser; the network then holds what they gave.
 * @param gradients of the loss by tensor name; called in a `tf.tidy`, once for each step
 * @throws ConsiliumError TRAINING_NOT_FINITE
 */
export async function runSteps(
  job: StepsJob,
  gradients: () => ReadonlyMap<string, Tensor | undefined>,
): Promise<Map<string, Float32Array>> {
  const { tf, network, training } = job;
  const penalties = penaltiesOf(tf, network, training, job.base);
  const steps = localSteps(tf, training.optimiser);
  let told = performance.now();
  try {
    for (let step = 1; step <= training.steps; step++) {
      tf.tidy(() => {
        const found = gradients();
        steps.begin();
        for (const [name, gradient] of found) {
          const variable = network.variables.get(name) as Variable;
          if (gradient) steps.apply(name, variable, penalties(name, variable, gradient));
        }
      });
      job.afterStep?.(step);
      if (job.onProgress && performance.now() - told >= PROGRESS_MS) {
        await job.onProgress(step);
        told = performance.now();
      }
    }
  } finally {
    steps.dispose();
    penalties.dispose();
  }
  return finiteValues(network, job.round);
}

function finiteValues(network: Network, round: number | string): Map<string, Float32Array> {
  const values = readValues(network);
  for (const tensor of values.values())
    if (!tensor.every(Number.isFinite)) throw refusal('TRAINING_NOT_FINITE', { round });
  return values;
}

/** Features `[rows, features]` and labels `[rows]` of rows. */
export function batchOf(
  { tf, features, featureCount, labels }: Pick<StepsJob, 'tf' | 'features' | 'featureCount' | 'labels'>,
  rows: Int32Array,
) {
  const x = new Float32Array(rows.length * featureCount);
  const y = new Float32Array(rows.length);
  for (const [k, row] of rows.entries()) {
    x.set(features.subarray(row * featureCount, (row + 1) * featureCount), k * featureCount);
    y[k] = labels[row] as number;
  }
  return { x: tf.tensor2d(x, [rows.length, featureCount]), y: tf.tensor1d(y) };
}
