/** The network of a study's model. */
import { refusal, type StudyProtocol, studyTensors } from '@consilium/domain';
import type { Tensorflow } from '../engines/engine.js';
import { convolutionalNetwork } from './convolutionalNetwork.js';
import { denseNetwork } from './denseNetwork.js';
import { layersNetwork } from './layersNetwork.js';
import type { Network } from './network.js';

/** @throws ConsiliumError PROTOCOL_MODEL_INVALID */
export async function networkOf(tf: Tensorflow, protocol: StudyProtocol): Promise<Network> {
  const { model, label } = protocol;
  const tensors = studyTensors(protocol);
  switch (model.kind) {
    case 'logistic-regression':
      if (label.kind !== 'binary')
        throw refusal('PROTOCOL_MODEL_INVALID', { problem: 'logistic regression takes a binary label' });
      return denseNetwork(tf, tensors);
    case 'linear-regression':
      if (label.kind !== 'number')
        throw refusal('PROTOCOL_MODEL_INVALID', { problem: 'linear regression takes a numeric label' });
      return denseNetwork(tf, tensors);
    case 'multilayer-perceptron':
      return denseNetwork(tf, tensors, model);
    case 'convolutional':
      return convolutionalNetwork(tf, tensors, model);
    case 'layers-model':
      return layersNetwork(tf, tensors, model, label);
  }
}
