/** Logistic and linear regression and the multilayer perceptron: one dense layer after another. */

import type { Model, ModelTensor } from '@consilium/domain';
import type { Tensor2D, Variable } from '@tensorflow/tfjs';
import type { Tensorflow } from '../engines/engine.js';
import { variablesOf } from './network.js';
import { type Trace, type TracedNetwork, tracing, untraced } from './tracedNetwork.js';

type Perceptron = Extract<Model, { kind: 'multilayer-perceptron' }>;

/** @param hidden the hidden layers' count and activation; absent: inputs lead to the output directly */
export function denseNetwork(tf: Tensorflow, tensors: readonly ModelTensor[], hidden?: Perceptron): TracedNetwork {
  const variables = variablesOf(tf, tensors);
  const widths = [...(hidden?.hidden ?? []), 1];
  const layers = widths.map((units, k) => ({
    kind: 'dense' as const,
    name: k === widths.length - 1 ? 'output' : `hidden${k + 1}`,
    output: [units] as const,
  }));
  const forward = (x: Tensor2D, trace: Trace) =>
    layers
      .reduce((inputs, { name }, k) => {
        const result = trace(k, inputs, denseLayer(tf, variables, name, inputs)) as Tensor2D;
        return name === 'output' ? result : tf[hidden?.activation ?? 'relu'](result);
      }, x)
      .as1D();
  return {
    variables,
    trainable: [...variables.keys()],
    layers,
    outputs: (x) => forward(x, untraced),
    traced: (x, taps, heard) => forward(x, tracing(tf, taps, heard)),
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
