/** A model in an engine's memory: its tensors as variables, and how outputs follow from inputs. */

import type { ModelTensor } from '@consilium/domain';
import type { Tensor1D, Tensor2D, Variable } from '@tensorflow/tfjs';
import type { Tensorflow } from '../engines/engine.js';

/** Values of tensors by name, row by row. */
export type TensorValues = ReadonlyMap<string, Float32Array>;

export interface Network {
  /** Every tensor of the model by name, personal ones too. */
  readonly variables: ReadonlyMap<string, Variable>;
  /** Names of the tensors that gradients reach; the others change as a layer's own statistics do. */
  readonly trainable: readonly string[];
  /**
   * @param x `[batch, features]`
   * @param training whether dropout and batch statistics are on
   * @returns `[batch]`: the log-odds of a binary label, or the value of a numeric one
   */
  outputs(x: Tensor2D, training: boolean): Tensor1D;
  /** Frees the engine's memory. */
  dispose(): void;
}

/** Puts values into a network's variables. */
export function loadValues(tf: Tensorflow, network: Network, values: TensorValues): void {
  for (const [name, variable] of network.variables)
    tf.tidy(() => variable.assign(tf.tensor(values.get(name) as Float32Array, variable.shape)));
}

/** A copy of what a network's variables hold. */
export function readValues(network: Network): Map<string, Float32Array> {
  return new Map([...network.variables].map(([name, variable]) => [name, Float32Array.from(variable.dataSync())]));
}

/** A variable for each tensor, all zero. */
export function variablesOf(tf: Tensorflow, tensors: readonly ModelTensor[]): Map<string, Variable> {
  return new Map(tensors.map(({ name, shape }) => [name, tf.tidy(() => tf.variable(tf.zeros([...shape])))]));
}
