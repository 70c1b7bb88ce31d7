/** Minibatch training of a network on a hospital's own rows. */

import { type LocalTraining, refusal, type StudyProtocol } from '@consilium/domain';
import type { Scalar, Tensor, Tensor1D, Variable } from '@tensorflow/tfjs';
import type { BatchOrder } from './batchOrder.js';
import type { Tensorflow } from './engines/engine.js';
import { localSteps } from './localOptimiser.js';
import { type Network, readValues, type TensorValues } from './models/network.js';

/** How often training tells how far it is, and lets the process do something else. */
const PROGRESS_MS = 250;

export type TrainingJob = Readonly<{
  tf: Tensorflow;
  network: Network;
  training: LocalTraining;
  label: StudyProtocol['label'];
  /** `[rows, features]`, standardised. */
  features: Float32Array;
  featureCount: number;
  labels: Float32Array;
  order: BatchOrder;
  /** Where the FedProx term pulls to: shared tensors by name. */
  base: TensorValues;
  /** Named in errors. */
  round: number | string;
  /** Called after each step, for whoever averages weights. */
  afterStep?: (step: number) => void;
  onProgress?: (step: number) => void | Promise<void>;
}>;

/**
 * Runs the steps; the network then holds what they gave.
 * @throws ConsiliumError TRAINING_NOT_FINITE
 */
export async function trainLocally(job: TrainingJob): Promise<Map<string, Float32Array>> {
  const { tf, network, training, order } = job;
  const penalties = penaltiesOf(job);
  const steps = localSteps(tf, training.optimiser);
  const lossGradient = lossGradientOf(tf, job.label);
  const trained = network.trainable.map((name) => [name, network.variables.get(name) as Variable] as const);
  const variables = trained.map(([, variable]) => variable);
  let told = performance.now();
  try {
    for (let step = 1; step <= training.steps; step++) {
      tf.tidy(() => {
        const { x, y } = batchOf(job, order.next());
        const { grads } = tf.variableGrads(() => lossGradient(network.outputs(x, true), y), variables);
        steps.begin();
        for (const [name, variable] of trained) {
          const gradient = grads[variable.name];
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

function batchOf({ tf, features, featureCount, labels }: TrainingJob, rows: Int32Array) {
  const x = new Float32Array(rows.length * featureCount);
  const y = new Float32Array(rows.length);
  for (const [k, row] of rows.entries()) {
    x.set(features.subarray(row * featureCount, (row + 1) * featureCount), k * featureCount);
    y[k] = labels[row] as number;
  }
  return { x: tf.tensor2d(x, [rows.length, featureCount]), y: tf.tensor1d(y) };
}

/**
 * A loss of which only the gradient is computed, by formula: mean log-loss of log-odds (sigmoid(z) - y), or mean squared
 * error (2 (z - y)). Its value is never looked at and stands at 0; a step costs less than half of what it costs otherwise.
 */
function lossGradientOf(
  tf: Tensorflow,
  label: StudyProtocol['label'],
): (outputs: Tensor1D, labels: Tensor1D) => Scalar {
  const loss = tf.customGrad((...args) => {
    const [outputs, labels, save] = args as unknown as [Tensor1D, Tensor1D, (tensors: Tensor[]) => void];
    save([outputs, labels]);
    return {
      value: tf.scalar(0),
      gradFunc: (_: Tensor, saved: Tensor[]) => {
        const [z, y] = saved as [Tensor, Tensor];
        const predicted = label.kind === 'binary' ? tf.sigmoid(z) : z;
        const factor = (label.kind === 'binary' ? 1 : 2) / z.size;
        return [tf.mul(tf.sub(predicted, y), factor), tf.zerosLike(y)];
      },
    };
  });
  return loss as (outputs: Tensor1D, labels: Tensor1D) => Scalar;
}

type Penalties = ((name: string, variable: Variable, gradient: Tensor) => Tensor) & { dispose(): void };

/** Gradients of l2/2 * ||kernels||² and of FedProx's mu/2 * ||w - w_base||² over shared tensors. */
function penaltiesOf({ tf, network, training, base }: TrainingJob): Penalties {
  const { l2, proximal } = training;
  const anchors = new Map<string, Tensor>();
  if (proximal > 0)
    for (const [name, values] of base)
      anchors.set(name, tf.tensor(values, (network.variables.get(name) as Variable).shape));
  const penalties = (name: string, variable: Variable, gradient: Tensor): Tensor => {
    const decayed = l2 > 0 && name.endsWith('kernel') ? tf.add(gradient, tf.mul(variable, l2)) : gradient;
    const anchor = anchors.get(name);
    return anchor ? tf.add(decayed, tf.mul(tf.sub(variable, anchor), proximal)) : decayed;
  };
  return Object.assign(penalties, { dispose: () => tf.dispose([...anchors.values()]) });
}
