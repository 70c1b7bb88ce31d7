/** Any tfjs LayersModel that a protocol holds as JSON. */

import { type Model, type ModelTensor, refusal, type StudyProtocol } from '@consilium/domain';
import type { LayersModel, Tensor, Variable } from '@tensorflow/tfjs';
import type { Tensorflow } from '../engines/engine.js';
import type { Network } from './network.js';

type Declared = Extract<Model, { kind: 'layers-model' }>;
type Activated = { activation?: { getClassName(): string }; layers?: Activated[] };

/**
 * Tensors are those of the layers, called `layer/weight`. A sigmoid on the output is taken off for a binary label, so that
 * outputs are log-odds.
 *
 * @throws ConsiliumError PROTOCOL_MODEL_INVALID where the topology does not load, has other tensors than declared, not one
 *   output unit, or an output activation that no log-odds come from
 */
export async function layersNetwork(
  tf: Tensorflow,
  tensors: readonly ModelTensor[],
  { topology }: Declared,
  label: StudyProtocol['label'],
): Promise<Network> {
  const model = await modelOf(tf, topology);
  if (model.inputs.length !== 1 || model.outputs.length !== 1 || model.outputs[0]?.shape.slice(1).join() !== '1')
    throw invalid('the topology has not one input and one output unit');
  if (label.kind === 'binary') takeSigmoidOff(tf, model);
  const variables = variablesByName(model, tensors);
  const inputShape = model.inputs[0]?.shape.slice(1) as number[];
  const trainable = new Set(model.trainableWeights.map(({ originalName }) => originalName));
  return {
    variables,
    trainable: [...variables.keys()].filter((name) => trainable.has(name)),
    outputs: (x, training) => (model.apply(tf.reshape(x, [x.shape[0], ...inputShape]), { training }) as Tensor).as1D(),
    dispose: () => void model.dispose(),
  };
}

async function modelOf(tf: Tensorflow, topology: Declared['topology']): Promise<LayersModel> {
  try {
    return await tf.models.modelFromJSON(topology as Parameters<Tensorflow['models']['modelFromJSON']>[0]);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.slice(0, 300) : String(cause);
    throw invalid(`the topology does not load: ${reason}`, cause);
  }
}

function takeSigmoidOff(tf: Tensorflow, model: LayersModel): void {
  const output = lastLayer(model.outputs[0]?.sourceLayer);
  const activation = output.activation?.getClassName() ?? 'linear';
  if (activation === 'sigmoid')
    output.activation = (tf.layers.dense({ units: 1, activation: 'linear' }) as unknown as Activated)
      .activation as never;
  else if (activation !== 'linear')
    throw invalid(`the output has the activation ${activation}: a binary label takes sigmoid or linear`);
}

/** The layer itself, or the last one of a model inside the model. */
function lastLayer(layer: unknown): Activated {
  const { layers } = layer as Activated;
  return layers ? lastLayer(layers.at(-1)) : (layer as Activated);
}

function variablesByName(model: LayersModel, tensors: readonly ModelTensor[]): Map<string, Variable> {
  const found = new Map(model.weights.map((weight) => [weight.originalName, weight.read() as Variable]));
  const declared = tensors.map(({ name, shape }) => `${name}[${shape}]`);
  const built = [...found].map(([name, { shape }]) => `${name}[${shape}]`).sort();
  if (declared.join(' ') !== built.join(' '))
    throw invalid(`the topology has the tensors ${built.join(' ')}, the protocol declares ${declared.join(' ')}`);
  return new Map(tensors.map(({ name }) => [name, found.get(name) as Variable]));
}

function invalid(problem: string, cause?: unknown): Error {
  return refusal('PROTOCOL_MODEL_INVALID', { problem }, { cause });
}
