/** Logistic and linear regression and the multilayer perceptron: one dense layer after another. */

import type { Model, ModelTensor } from '@consilium/domain';
import type { Tensor2D, Variable } from '@tensorflow/tfjs';
import type { Tensorflow } from '../engines/engine.js';
import { type Network, variablesOf } from './network.js';

type Perceptron = Extract<Model, { kind: 'multilayer-perceptron' }>;

/** @param hidden the hidden layers' count and activation; absent: inputs lead to the output directly */
export function denseNetwork(tf: Tensorflow, tensors: readonly ModelTensor[], hidden?: Perceptron): Network {
  const variables = variablesOf(tf, tensors);
  const layers = hidden?.hidden.map((_, k) => `hidden${k + 1}`) ?? [];
  return {
    variables,
    trainable: [...variables.keys()],
    outputs(x) {
      const last = layers.reduce(
        (inputs, layer) => tf[hidden?.activation ?? 'relu'](denseLayer(tf, variables, layer, inputs)),
        x,
      );
      return denseLayer(tf, variables, 'output', last).as1D();
    },
    dispose: () => tf.dispose([...variables.values()]),
  };
}

/** inputs · kernel + bias. */
export function denseLayer(
  tf: Tensorflow,
  variables: ReadonlyMap<string, Variable>,
  layer: string,
  inputs: Tensor2D,
): Tensor2D {
  const kernel = variables.get(`${layer}/kernel`) as Variable;
  const bias = variables.get(`${layer}/bias`) as Variable;
  return tf.add(tf.matMul(inputs, kernel as unknown as Tensor2D), bias);
}
