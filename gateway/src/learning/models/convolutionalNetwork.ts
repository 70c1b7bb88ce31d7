/** A small convolutional net: convolutions, each with relu and 2x2 max pooling, a dense layer with relu, one output. */

import type { Model, ModelTensor } from '@consilium/domain';
import type { Tensor2D, Tensor4D, Variable } from '@tensorflow/tfjs';
import type { Tensorflow } from '../engines/engine.js';
import { denseLayer } from './denseNetwork.js';
import { variablesOf } from './network.js';
import { type Trace, type TracedLayer, type TracedNetwork, tracing, untraced } from './tracedNetwork.js';

type Convolutional = Extract<Model, { kind: 'convolutional' }>;

export function convolutionalNetwork(
  tf: Tensorflow,
  tensors: readonly ModelTensor[],
  model: Convolutional,
): TracedNetwork {
  const variables = variablesOf(tf, tensors);
  const [height, width, channels] = model.input;
  const convolutions = model.filters.length;
  const forward = (x: Tensor2D, trace: Trace) => {
    const dense = (layer: number, name: string, inputs: Tensor2D) =>
      trace(layer, inputs, denseLayer(tf, variables, name, inputs)) as Tensor2D;
    const images = x.as4D(x.shape[0], height, width, channels);
    const features = model.filters.reduce(
      (inputs, _, k) => pooled(tf, trace(k, inputs, convolution(tf, variables, `conv${k + 1}`, inputs)) as Tensor4D),
      images,
    );
    const flat = features.as2D(x.shape[0], features.size / x.shape[0]);
    return dense(convolutions + 1, 'output', tf.relu(dense(convolutions, 'dense1', flat))).as1D();
  };
  return {
    variables,
    trainable: [...variables.keys()],
    layers: tracedLayers(model),
    outputs: (x) => forward(x, untraced),
    traced: (x, taps, heard) => forward(x, tracing(tf, taps, heard)),
    dispose: () => tf.dispose([...variables.values()]),
  };
}

function tracedLayers({ input, filters, kernelSize, dense }: Convolutional): TracedLayer[] {
  const [height, width] = input;
  // Pooling halves height and width after each convolution, and drops what is odd.
  const convolutions = filters.map((count, k) => {
    const output = [Math.floor(height / 2 ** k), Math.floor(width / 2 ** k), count] as const;
    return { kind: 'convolution' as const, name: `conv${k + 1}`, size: kernelSize, output };
  });
  return [
    ...convolutions,
    { kind: 'dense', name: 'dense1', output: [dense] },
    { kind: 'dense', name: 'output', output: [1] },
  ];
}

function convolution(
  tf: Tensorflow,
  variables: ReadonlyMap<string, Variable>,
  layer: string,
  inputs: Tensor4D,
): Tensor4D {
  const kernel = variables.get(`${layer}/kernel`) as unknown as Tensor4D;
  const bias = variables.get(`${layer}/bias`) as Variable;
  return tf.add(tf.conv2d(inputs, kernel, 1, 'same'), bias);
}

function pooled(tf: Tensorflow, results: Tensor4D): Tensor4D {
  return tf.maxPool(tf.relu(results), 2, 2, 'valid');
}
