/**
 * What the wasm backend lacks for training convolutions, composed from its own kernels, and two gradients that it has but
 * computes slowly (measured: 10 times for the input of a convolution, 5 times for transposed matrices).
 */
import type { Tensor4D } from '@tensorflow/tfjs';
import type { Tensorflow } from './engine.js';

/** Multiplications from which on two transpositions cost less than the backend's way through transposed matrices. */
const TRANSPOSE_FROM_MULTIPLICATIONS = 20_000;

type Kernel = ReturnType<Tensorflow['getKernelsForBackend']>[number];
type Call = Parameters<Kernel['kernelFunc']>[0];
type Result = ReturnType<Kernel['kernelFunc']>;
type Pad = 'valid' | 'same' | number;
type ConvolutionAttributes = {
  strides: number | [number, number];
  pad: Pad;
  dataFormat: string;
  filterShape: [number, number, number, number];
};

/** Registers the kernels; a second call changes nothing. */
export function completeWasmKernels(tf: Tensorflow): void {
  if (tf.getKernel('Conv2DBackpropFilter', 'wasm')) return;
  tf.registerKernel({
    kernelName: 'Conv2DBackpropFilter',
    backendName: 'wasm',
    kernelFunc: (call) => filterGradient(tf, call),
  });
  replaceKernel(tf, 'Conv2DBackpropInput', (stock) => (call) => {
    const { strides, dataFormat, pad } = call.attrs as unknown as ConvolutionAttributes;
    const [down, right] = pair(strides);
    return down === 1 && right === 1 && pad === 'same' && dataFormat === 'NHWC' ? inputGradient(tf, call) : stock(call);
  });
  replaceKernel(tf, 'BatchMatMul', (stock) => (call) => explicitTranspose(tf, stock, call));
}

function replaceKernel(
  tf: Tensorflow,
  name: string,
  replacement: (stock: Kernel['kernelFunc']) => Kernel['kernelFunc'],
) {
  const stock = tf.getKernel(name, 'wasm');
  if (!stock) return;
  tf.unregisterKernel(name, 'wasm');
  tf.registerKernel({ ...stock, kernelFunc: replacement(stock.kernelFunc) });
}

/**
 * dW[i, j, c, o] = sum over b, y, x of input[b, y * stride + i, x * stride + j, c] * dy[b, y, x, o]: itself a convolution,
 * with channels in the place of the batch and dy as its filter, dilated by the stride.
 */
function filterGradient(tf: Tensorflow, { inputs, attrs }: Call): Result {
  const { strides, pad, dataFormat, filterShape } = attrs as unknown as ConvolutionAttributes;
  if (dataFormat !== 'NHWC') throw new Error(`the wasm backend trains NHWC convolutions only, not ${dataFormat}`);
  const { x, dy } = inputs as unknown as { x: Tensor4D; dy: Tensor4D };
  const [height, width] = [filterShape[0], filterShape[1]];
  const { padInfo } = tf.backend_util.computeConv2DInfo(x.shape, filterShape, strides, 1, pad);
  return tf.tidy(() => {
    const padded = tf.pad(x, [
      [0, 0],
      [padInfo.top, padInfo.bottom],
      [padInfo.left, padInfo.right],
      [0, 0],
    ]);
    const channelsFirst = tf.transpose(padded, [3, 1, 2, 0]) as Tensor4D;
    const gradientFilter = tf.transpose(dy, [1, 2, 0, 3]) as Tensor4D;
    const all = tf.conv2d(channelsFirst, gradientFilter, 1, 'valid', 'NHWC', strides);
    const inFilter = tf.slice(all, [0, 0, 0, 0], [-1, height, width, -1]);
    return tf.transpose(inFilter, [1, 2, 0, 3]);
  });
}

/** At stride 1 with "same" padding the gradient of the input is a convolution of dy with the filter turned by half a turn. */
function inputGradient(tf: Tensorflow, { inputs, attrs }: Call): Result {
  const { dy, filter } = inputs as unknown as { dy: Tensor4D; filter: Tensor4D };
  const { inputShape } = attrs as unknown as { inputShape: [number, number, number, number] };
  const { padInfo } = tf.backend_util.computeConv2DInfo(inputShape, filter.shape, 1, 1, 'same');
  return tf.tidy(() => {
    const turned = tf.transpose(tf.reverse(filter, [0, 1]), [0, 1, 3, 2]) as Tensor4D;
    // An even filter pads one side more, and its turned one the other.
    const padded = tf.pad(dy, [
      [0, 0],
      [padInfo.bottom, padInfo.top],
      [padInfo.right, padInfo.left],
      [0, 0],
    ]) as Tensor4D;
    return tf.conv2d(padded, turned, 1, 'valid');
  });
}

function explicitTranspose(tf: Tensorflow, stock: Kernel['kernelFunc'], call: Call): Result {
  const { a, b } = call.inputs as unknown as { a: Tensor4D; b: Tensor4D };
  const { transposeA, transposeB } = call.attrs as unknown as { transposeA: boolean; transposeB: boolean };
  const columns = b.shape.at(transposeB ? -2 : -1) as number;
  const multiplications = a.shape.reduce((product, size) => product * size, columns);
  if ((!transposeA && !transposeB) || multiplications < TRANSPOSE_FROM_MULTIPLICATIONS) return stock(call);
  return tf.tidy(() => tf.matMul(transposeA ? lastTwoSwapped(tf, a) : a, transposeB ? lastTwoSwapped(tf, b) : b));
}

function lastTwoSwapped(tf: Tensorflow, tensor: Tensor4D): Tensor4D {
  const axes = tensor.shape.map((_, axis) => axis);
  return tf.transpose(tensor, [...axes.slice(0, -2), axes.length - 1, axes.length - 2]) as Tensor4D;
}

function pair(strides: number | [number, number]): [number, number] {
  return typeof strides === 'number' ? [strides, strides] : strides;
}
