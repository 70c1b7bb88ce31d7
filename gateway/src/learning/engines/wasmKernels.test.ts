import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Tensor, Tensor3D, Tensor4D } from '@tensorflow/tfjs';
import { plainGenerator } from '../study.fixture.js';
import type { Tensorflow } from './engine.js';
import { loadWasm } from './wasm.js';
import { completeWasmKernels } from './wasmKernels.js';

const unit = plainGenerator(3);
let tf: Tensorflow;

beforeAll(async () => {
  ({ tf } = await loadWasm());
});

function values(shape: number[]): Float32Array {
  return Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => 2 * unit() - 1);
}

/** The same computation on the wasm backend and on tfjs's plain JavaScript one. */
async function onBoth(compute: () => Tensor[]): Promise<[Float32Array[], Float32Array[]]> {
  const results: Float32Array[][] = [];
  for (const backend of ['wasm', 'cpu']) {
    await tf.setBackend(backend);
    results.push(tf.tidy(() => compute().map((tensor) => Float32Array.from(tensor.dataSync()))));
  }
  await tf.setBackend('wasm');
  return results as [Float32Array[], Float32Array[]];
}

function expectClose([wasm, cpu]: [Float32Array[], Float32Array[]]): void {
  for (const [k, found] of wasm.entries()) {
    expect(found.length).toBe(cpu[k]?.length);
    for (const [i, value] of found.entries()) expect(Math.abs(value - (cpu[k]?.[i] as number))).toBeLessThan(1e-4);
  }
}

describe('gradients composed for the wasm backend equal the plain backend', () => {
  test.each([
    { size: 3, stride: 1, pad: 'same' },
    { size: 5, stride: 1, pad: 'same' },
    { size: 2, stride: 1, pad: 'same' },
    { size: 3, stride: 2, pad: 'same' },
    { size: 3, stride: 1, pad: 'valid' },
    { size: 3, stride: 2, pad: 'valid' },
    { size: 2, stride: 3, pad: 'valid' },
  ] as const)('convolution of size $size, stride $stride, "$pad" padding', async ({ size, stride, pad }) => {
    const [x, w] = [values([2, 8, 7, 3]), values([size, size, 3, 4])];
    const both = await onBoth(() => {
      const loss = (image: Tensor, filter: Tensor) =>
        tf.sum(tf.square(tf.conv2d(image as Tensor4D, filter as Tensor4D, stride, pad)));
      return tf.grads(loss)([tf.tensor(x, [2, 8, 7, 3]), tf.tensor(w, [size, size, 3, 4])]);
    });
    const largest = Math.max(...(both[1][1] as Float32Array).map(Math.abs));
    expect(largest).toBeGreaterThan(1);
    expectClose(both.map((list) => list.map((gradient) => gradient.map((value) => value / largest))) as typeof both);
  });

  test.each([
    [false, false],
    [true, false],
    [false, true],
    [true, true],
  ])('large products of matrices, transposed %s and %s', async (transposeA, transposeB) => {
    const [a, b] = [values([2, 40, 60]), values([2, 60, 50])];
    const both = await onBoth(() => [
      tf.matMul(
        tf.tensor(a, transposeA ? [2, 60, 40] : [2, 40, 60]),
        tf.tensor(b, transposeB ? [2, 50, 60] : [2, 60, 50]) as Tensor3D,
        transposeA,
        transposeB,
      ),
    ]);
    expectClose(both);
  });

  test('registering again changes nothing', () => {
    const before = tf.getKernel('BatchMatMul', 'wasm');
    completeWasmKernels(tf);
    expect(tf.getKernel('BatchMatMul', 'wasm')).toBe(before);
  });

  test('leaves no tensor behind', () => {
    const before = tf.memory().numTensors;
    tf.tidy(() => {
      const image = tf.tensor4d(values([1, 6, 6, 1]), [1, 6, 6, 1]);
      tf.grad((filter) => tf.sum(tf.conv2d(image, filter as Tensor4D, 1, 'same')))(
        tf.tensor(values([3, 3, 1, 2]), [3, 3, 1, 2]),
      );
    });
    expect(tf.memory().numTensors).toBe(before);
  });
});
