/** A network that tells what went into each of its layers, so that gradients of single rows can be had in one pass. */
import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs';
import type { Tensorflow } from '../engines/engine.js';
import type { Network } from './network.js';

/**
 * A layer with a kernel and a bias, called `<name>/kernel` and `<name>/bias`. `output`: the shape of one row's result before
 * the activation. A convolution has stride 1, "same" padding and a square kernel of `size`.
 */
export type TracedLayer = Readonly<
  | { kind: 'dense'; name: string; output: readonly [units: number] }
  | {
      kind: 'convolution';
      name: string;
      size: number;
      output: readonly [height: number, width: number, filters: number];
    }
>;

export interface TracedNetwork extends Network {
  readonly layers: readonly TracedLayer[];
  /**
   * The same outputs; `taps[k]` is added to what layer k gives before its activation. The gradient at a tap of zeros is that
   * of the layer's result.
   * @param heard called with what goes into each layer in turn, `[batch, …]`
   */
  traced(x: Tensor2D, taps: readonly Tensor[], heard: (input: Tensor) => void): Tensor1D;
}

/** Sees a layer's input and its result before the activation, and says what goes on in the result's place. */
export type Trace = (layer: number, input: Tensor, result: Tensor) => Tensor;

export const untraced: Trace = (_layer, _input, result) => result;

export function tracing(tf: Tensorflow, taps: readonly Tensor[], heard: (input: Tensor) => void): Trace {
  return (layer, input, result) => {
    heard(input);
    return tf.add(result, taps[layer] as Tensor);
  };
}

export function isTraced(network: Network): network is TracedNetwork {
  return 'traced' in network;
}
