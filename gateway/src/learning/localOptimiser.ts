/** A hospital's own optimisers, fresh in every round. */

import type { LocalOptimiser } from '@consilium/domain';
import type { Tensor, Variable } from '@tensorflow/tfjs';
import type { Tensorflow } from './engines/engine.js';

const ADAM_EPSILON = 1e-8;

export interface LocalSteps {
  /** Called once before the gradients of each step. */
  begin(): void;
  /** Moves a variable; inside a `tf.tidy`. */
  apply(name: string, variable: Variable, gradient: Tensor): void;
  dispose(): void;
}

export function localSteps(tf: Tensorflow, optimiser: LocalOptimiser): LocalSteps {
  switch (optimiser.kind) {
    case 'sgd':
      return {
        begin() {},
        apply: (_, variable, gradient) => variable.assign(tf.sub(variable, tf.mul(gradient, optimiser.learningRate))),
        dispose() {},
      };
    case 'momentum':
      return momentumSteps(tf, optimiser.learningRate, optimiser.momentum);
    case 'adam':
      return adamSteps(tf, optimiser.learningRate, optimiser.beta1, optimiser.beta2);
  }
}

/** m = momentum * m + g; w = w - rate * m (Polyak's heavy ball, as PyTorch and TensorFlow write it). */
function momentumSteps(tf: Tensorflow, learningRate: number, momentum: number): LocalSteps {
  const velocities = new KeptTensors(tf);
  return {
    begin() {},
    apply(name, variable, gradient) {
      const old = velocities.get(name);
      const velocity = old ? tf.add(tf.mul(old, momentum), gradient) : gradient;
      velocities.set(name, velocity);
      variable.assign(tf.sub(variable, tf.mul(velocity, learningRate)));
    },
    dispose: () => velocities.dispose(),
  };
}

/** Kingma and Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015, arXiv 1412.6980, algorithm 1. */
function adamSteps(tf: Tensorflow, learningRate: number, beta1: number, beta2: number): LocalSteps {
  const firsts = new KeptTensors(tf);
  const seconds = new KeptTensors(tf);
  let [power1, power2] = [1, 1];
  return {
    begin() {
      power1 *= beta1;
      power2 *= beta2;
    },
    apply(name, variable, gradient) {
      const first = decayed(tf, firsts.get(name), beta1, gradient);
      const second = decayed(tf, seconds.get(name), beta2, tf.square(gradient));
      firsts.set(name, first);
      seconds.set(name, second);
      const divisor = tf.add(tf.sqrt(tf.mul(second, 1 / (1 - power2))), ADAM_EPSILON);
      variable.assign(tf.sub(variable, tf.mul(tf.div(first, divisor), learningRate / (1 - power1))));
    },
    dispose() {
      firsts.dispose();
      seconds.dispose();
    },
  };
}

/** decay * old + (1 - decay) * value, old being 0 at first. */
function decayed(tf: Tensorflow, old: Tensor | undefined, decay: number, value: Tensor): Tensor {
  const share = tf.mul(value, 1 - decay);
  return old ? tf.add(tf.mul(old, decay), share) : share;
}

/** Tensors that outlive the `tf.tidy` of a step. */
class KeptTensors {
  readonly #tf: Tensorflow;
  readonly #tensors = new Map<string, Tensor>();

  constructor(tf: Tensorflow) {
    this.#tf = tf;
  }

  get(name: string): Tensor | undefined {
    return this.#tensors.get(name);
  }

  set(name: string, tensor: Tensor): void {
    this.#tensors.get(name)?.dispose();
    this.#tensors.set(name, this.#tf.keep(tensor));
  }

  dispose(): void {
    this.#tf.dispose([...this.#tensors.values()]);
  }
}
