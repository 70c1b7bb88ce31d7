/** A small convolutional net: convolutions, each with relu and 2x2 max pooling, a dense layer with relu, one output. */

import type { Model, ModelTensor } from '@consilium/domain';
import type { Tensor4D, Variable } from '@tensorflow/tfjs';
import type { Tensorflow } from '../engines/engine.js';
import { denseLayer } from './denseNetwork.js';
import { type Network, variablesOf } from './network.js';

type Convolutional = Extract<Model, { kind: 'convolutional' }>;

export function convolutionalNetwork(tf: Tensorflow, tensors: readonly ModelTensor[], model: Convolutional): Network {
  const variables = variablesOf(tf, tensors);
  const [height, width, channels] = model.input;
  return {
    variables,
    trainable: [...variables.keys()],
    outputs(x) {
      const images = x.as4D(x.shape[0], height, width, channels);
      const features = model.filters.reduce((inputs, _, k) => block(tf, variables, `conv${k + 1}`, inputs), images);
      const flat = features.as2D(x.shape[0], features.size / x.shape[0]);
      return denseLayer(tf, variables, 'output', tf.relu(denseLayer(tf, variables, 'dense1', flat))).as1D();
    },
    dispose: () => tf.dispose([...variables.values()]),
  };
}

function block(tf: Tensorflow, variables: ReadonlyMap<string, Variable>, layer: string, inputs: Tensor4D): Tensor4D {
  const kernel = variables.get(`${layer}/kernel`) as unknown as Tensor4D;
  const bias = variables.get(`${layer}/bias`) as Variable;
  return tf.maxPool(tf.relu(tf.add(tf.conv2d(inputs, kernel, 1, 'same'), bias)) as Tensor4D, 2, 2, 'valid');
}
