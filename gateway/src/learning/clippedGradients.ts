/**
 * The sum over patients of their clipped gradients: Abadi, Chu, Goodfellow, McMahan, Mironov, Talwar and Zhang, "Deep
 * Learning with Differential Privacy", CCS 2016, arXiv 1607.00133, algorithm 1, for all patients of a batch at once.
 *
 * A dense layer's gradient of row r is a_r d_r^T (a_r what went in, d_r the gradient of what came out): its norm follows from
 * two lengths, and that of a patient's rows together from inner products of a and of d (Goodfellow, "Efficient Per-Example
 * Gradient Computations", 2015, arXiv 1510.01799), so no single gradient is ever written down. A convolution's are, as one
 * product of patches and d for each row.
 */
import type { StudyProtocol } from '@consilium/domain';
import type { NamedTensorMap, Tensor, Tensor1D, Tensor2D, Tensor3D, Tensor4D } from '@tensorflow/tfjs';
import type { Tensorflow } from './engines/engine.js';
import { lossGradientOf } from './lossGradient.js';
import type { TracedLayer, TracedNetwork } from './models/tracedNetwork.js';

/** Clipping ends this much below the clip norm, so that no rounding of single precision carries a patient beyond it. */
const ROUNDING_MARGIN = 1 - 2 ** -14;

/** Rows of whole patients. */
export type PatientBatch = Readonly<{
  /** `[rows, features]` */
  x: Tensor2D;
  /** `[rows]` */
  y: Tensor1D;
  /** `[rows]`: one by the number of the patient's rows, so that a patient's gradient is the mean of its rows'. */
  shares: Tensor1D;
  /** `[patients, rows]`: 1 where the row is of the patient; absent where each patient has one row, in the same order. */
  membership: Tensor2D | undefined;
}>;

/** What a layer adds to the squared norm of each patient's gradient, and its clipped sum once the factors are known. */
type LayerGradients = Readonly<{
  /** `[patients]` */
  squares: Tensor1D;
  /** @param factors `[patients]` @returns kernel and bias, in the shapes of the variables */
  sum(factors: Tensor1D): Readonly<{ kernel: Tensor; bias: Tensor }>;
}>;

/**
 * Call it in a `tf.tidy`.
 * @returns by tensor name: the sum over patients of g * min(1, clipNorm / ||g||), the norm over all tensors together
 */
export function clippedSum(
  tf: Tensorflow,
  network: TracedNetwork,
  label: StudyProtocol['label'],
  batch: PatientBatch,
  clipNorm: number,
): NamedTensorMap {
  const { inputs, results } = layerGradients(tf, network, label, batch);
  const layers = network.layers.map((layer, k) => {
    const [input, result] = [inputs[k] as Tensor, results[k] as Tensor];
    return layer.kind === 'dense'
      ? denseGradients(tf, input as Tensor2D, result as Tensor2D, batch.membership)
      : convolutionGradients(tf, layer, input as Tensor4D, result as Tensor4D, batch.membership);
  });
  const squares = layers.reduce<Tensor>((sum, layer) => tf.add(sum, layer.squares), tf.scalar(0));
  const factors = tf.minimum(tf.div(clipNorm * ROUNDING_MARGIN, tf.sqrt(squares)), 1) as Tensor1D;
  const sums: NamedTensorMap = {};
  for (const [k, { name }] of network.layers.entries()) {
    const { kernel, bias } = (layers[k] as LayerGradients).sum(factors);
    sums[`${name}/kernel`] = kernel;
    sums[`${name}/bias`] = bias;
  }
  return sums;
}

/** What went into each layer, and the gradient of each row's own loss at what came out. */
function layerGradients(
  tf: Tensorflow,
  network: TracedNetwork,
  label: StudyProtocol['label'],
  { x, y, shares }: PatientBatch,
): { inputs: Tensor[]; results: Tensor[] } {
  const rows = x.shape[0];
  const loss = lossGradientOf(tf, label, shares);
  const inputs: Tensor[] = [];
  const hear = (input: Tensor) => void inputs.push(tf.keep(tf.clone(input)));
  const taps = network.layers.map(({ output }) => tf.zeros([rows, ...output]));
  const results = tf.grads((...given) => loss(network.traced(x, given, hear), y))(taps);
  // Kept beyond the inner tidy, they are now of the caller's.
  return { inputs: inputs.map((input) => released(tf, input)), results };
}

function released(tf: Tensorflow, kept: Tensor): Tensor {
  const same = tf.clone(kept);
  kept.dispose();
  return same;
}

function denseGradients(
  tf: Tensorflow,
  input: Tensor2D,
  result: Tensor2D,
  membership: Tensor2D | undefined,
): LayerGradients {
  return {
    squares: membership
      ? patientSquares(tf, input, result, membership)
      : tf.mul(tf.add(rowSquares(tf, input), 1), rowSquares(tf, result)),
    sum(factors) {
      const byRow = membership
        ? tf.matMul(membership, tf.expandDims(factors, 1) as Tensor2D, true)
        : tf.expandDims(factors, 1);
      const clipped = tf.mul(result, byRow) as Tensor2D;
      return { kernel: tf.matMul(input, clipped, true), bias: tf.sum(clipped, 0) };
    },
  };
}

/** || sum over a patient's rows of (a_r, 1) d_r^T ||² = sum over pairs of its rows of (a_r . a_s + 1) (d_r . d_s). */
function patientSquares(tf: Tensorflow, input: Tensor2D, result: Tensor2D, membership: Tensor2D): Tensor1D {
  const products = tf.mul(tf.add(tf.matMul(input, input, false, true), 1), tf.matMul(result, result, false, true));
  const squares = tf.sum(tf.mul(tf.matMul(membership, products as Tensor2D), membership), 1);
  // A sum of squares, but for the rounding of products that cancel.
  return tf.maximum(squares, 0) as Tensor1D;
}

function convolutionGradients(
  tf: Tensorflow,
  { size }: Extract<TracedLayer, { kind: 'convolution' }>,
  input: Tensor4D,
  result: Tensor4D,
  membership: Tensor2D | undefined,
): LayerGradients {
  const [rows, height, width, filters] = result.shape;
  const channels = input.shape[3];
  const flat = result.as3D(rows, height * width, filters);
  const kernels = tf.matMul(patches(tf, input, size), flat, true).as2D(rows, size * size * channels * filters);
  const biases = tf.sum(flat, 1).as2D(rows, filters);
  const ofPatients = (ofRows: Tensor2D): Tensor2D => (membership ? tf.matMul(membership, ofRows) : ofRows);
  const kernel = ofPatients(kernels);
  const bias = ofPatients(biases);
  return {
    squares: tf.add(rowSquares(tf, kernel), rowSquares(tf, bias)),
    sum(factors) {
      const row = tf.expandDims(factors, 0) as Tensor2D;
      return {
        kernel: tf.matMul(row, kernel).reshape([size, size, channels, filters]),
        bias: tf.matMul(row, bias).reshape([filters]),
      };
    },
  };
}

/** `[rows, height * width, size * size * channels]`: what the kernel sees at each place, zeros beyond the border. */
function patches(tf: Tensorflow, input: Tensor4D, size: number): Tensor3D {
  const [rows, height, width, channels] = input.shape;
  const before = Math.floor((size - 1) / 2);
  const border = [before, size - 1 - before] as [number, number];
  const padded = tf.pad(input, [[0, 0], border, border, [0, 0]]);
  const shifted = Array.from({ length: size * size }, (_, k) =>
    tf.slice(padded, [0, Math.floor(k / size), k % size, 0], [rows, height, width, channels]),
  );
  return tf.concat(shifted, 3).as3D(rows, height * width, size * size * channels);
}

function rowSquares(tf: Tensorflow, rows: Tensor2D): Tensor1D {
  return tf.sum(tf.square(rows), 1) as Tensor1D;
}
