/** Models that a study protocol can declare, and the tensors that each of them has. */
import { z } from 'zod';
import { MODEL_PARAMETERS_MAX } from './limits.js';

const Activation = z.enum(['relu', 'tanh', 'sigmoid']);
const Size = z.int().min(1).max(65_536);

/** The name of a tensor: `layer/kernel`, `layer/bias`. Tensors travel in the byte order of their names. */
export const TensorName = z
  .string()
  .regex(/^[A-Za-z0-9_.-]+\/[A-Za-z0-9_.-]+$/)
  .max(120);

export const TensorSpec = z.strictObject({
  name: TensorName,
  shape: z.array(Size).min(1).max(6),
  /** Fan for the initial range ±sqrt(6/(in+out)); absent for tensors that start at `start`. */
  fan: z.strictObject({ in: Size, out: Size }).optional(),
  start: z.number().default(0),
});
export type TensorSpec = z.infer<typeof TensorSpec>;

/** `zero`: all weights begin with 0, so that no chance of the seed is in the first versions. Absent: uniform, as elsewhere. */
const ZeroStart = z.literal('zero').optional();

export const Model = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('logistic-regression'), start: ZeroStart }),
  z.strictObject({ kind: z.literal('linear-regression'), start: ZeroStart }),
  z.strictObject({
    kind: z.literal('multilayer-perceptron'),
    hidden: z.array(z.int().min(1).max(4096)).min(1).max(8),
    activation: Activation.default('relu'),
  }),
  z.strictObject({
    kind: z.literal('convolutional'),
    /** Height, width and channels: features are read row by row in this shape. */
    input: z.tuple([z.int().min(3).max(512), z.int().min(3).max(512), z.int().min(1).max(8)]),
    filters: z.array(z.int().min(1).max(256)).min(1).max(4),
    kernelSize: z.union([z.literal(3), z.literal(5)]).default(3),
    dense: z.int().min(1).max(1024),
  }),
  z.strictObject({
    kind: z.literal('layers-model'),
    /** `modelTopology` as tfjs `LayersModel.toJSON` writes it; one input, one output unit. */
    topology: z.record(z.string(), z.json()),
    tensors: z.array(TensorSpec).min(1).max(500),
  }),
]);
export type Model = z.infer<typeof Model>;

/** One tensor as the version file and the vector hold it. */
export type ModelTensor = Readonly<{
  name: string;
  shape: readonly number[];
  elements: number;
  fan?: Readonly<{ in: number; out: number }>;
  start: number;
}>;

function tensor(name: string, shape: number[], fan?: { in: number; out: number }): ModelTensor {
  const elements = shape.reduce((product, size) => product * size, 1);
  return fan ? { name, shape, elements, fan, start: 0 } : { name, shape, elements, start: 0 };
}

function dense(name: string, inputs: number, units: number): ModelTensor[] {
  return [tensor(`${name}/kernel`, [inputs, units], { in: inputs, out: units }), tensor(`${name}/bias`, [units])];
}

/** Names that a version file gives to what is not a weight: no layer may be called so. */
const RESERVED_LAYERS = ['average', 'optimiser', 'statistics'];

/**
 * Every tensor of a model, personal ones too, in byte order of names.
 *
 * Layers are called `output` (one unit), `hidden1`…, `conv1`…, `dense1`. A convolution has the kernel
 * `[size, size, in, out]`, "same" padding, relu, and 2x2 max pooling after it; the dense layer has relu.
 *
 * @param features number of encoded features
 * @throws RangeError where an image's pixels are not the features, pooling leaves nothing, a layer has a reserved name, or
 *   there are more than MODEL_PARAMETERS_MAX parameters
 */
export function modelTensors(model: Model, features: number): ModelTensor[] {
  const tensors = declaredTensors(model, features);
  const parameters = tensors.reduce((sum, { elements }) => sum + elements, 0);
  if (parameters > MODEL_PARAMETERS_MAX)
    throw new RangeError(`the model has ${parameters} parameters, ${MODEL_PARAMETERS_MAX} are allowed`);
  if (new Set(tensors.map(({ name }) => name)).size !== tensors.length)
    throw new RangeError('two tensors of the model have one name');
  const reserved = tensors.find(({ name }) => RESERVED_LAYERS.includes(name.split('/')[0] as string));
  if (reserved) throw new RangeError(`no layer may be called as that of ${reserved.name}: choose another name`);
  return tensors.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function declaredTensors(model: Model, features: number): ModelTensor[] {
  switch (model.kind) {
    case 'logistic-regression':
    case 'linear-regression':
      return model.start === 'zero'
        ? [tensor('output/kernel', [features, 1]), tensor('output/bias', [1])]
        : dense('output', features, 1);
    case 'multilayer-perceptron': {
      const widths = [features, ...model.hidden];
      const hidden = model.hidden.flatMap((units, k) => dense(`hidden${k + 1}`, widths[k] as number, units));
      return [...hidden, ...dense('output', widths.at(-1) as number, 1)];
    }
    case 'convolutional': {
      let [height, width, channels] = model.input;
      if (height * width * channels !== features)
        throw new RangeError(
          `the model reads ${height}x${width}x${channels} values, the protocol has ${features} features`,
        );
      const size = model.kernelSize;
      const convolutions = model.filters.flatMap((filters, k) => {
        const fan = { in: size * size * channels, out: size * size * filters };
        const kernel = tensor(`conv${k + 1}/kernel`, [size, size, channels, filters], fan);
        [height, width, channels] = [Math.floor(height / 2), Math.floor(width / 2), filters];
        return [kernel, tensor(`conv${k + 1}/bias`, [filters])];
      });
      if (height < 1 || width < 1)
        throw new RangeError('pooling leaves no pixel: fewer convolutions or a larger image');
      return [
        ...convolutions,
        ...dense('dense1', height * width * channels, model.dense),
        ...dense('output', model.dense, 1),
      ];
    }
    case 'layers-model':
      return model.tensors.map((spec) => ({
        name: spec.name,
        shape: spec.shape,
        elements: spec.shape.reduce((product, size) => product * size, 1),
        start: spec.start,
        ...(spec.fan ? { fan: spec.fan } : {}),
      }));
  }
}
