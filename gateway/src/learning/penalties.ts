/** What a study adds to its loss that depends on weights alone, so costs no privacy. */
import type { LocalTraining } from '@consilium/domain';
import type { Tensor, Variable } from '@tensorflow/tfjs';
import type { Tensorflow } from './engines/engine.js';
import type { Network, TensorValues } from './models/network.js';

export type Penalties = ((name: string, variable: Variable, gradient: Tensor) => Tensor) & { dispose(): void };

/** Gradients of l2/2 * ||kernels||² and of FedProx's mu/2 * ||w - w_base||² over shared tensors. */
export function penaltiesOf(
  tf: Tensorflow,
  network: Network,
  { l2, proximal }: LocalTraining,
  base: TensorValues,
): Penalties {
  const anchors = new Map<string, Tensor>();
  if (proximal > 0)
    for (const [name, values] of base)
      anchors.set(name, tf.tensor(values, (network.variables.get(name) as Variable).shape));
  const penalties = (name: string, variable: Variable, gradient: Tensor): Tensor => {
    const decayed = l2 > 0 && name.endsWith('kernel') ? tf.add(gradient, tf.mul(variable, l2)) : gradient;
    const anchor = anchors.get(name);
    return anchor ? tf.add(decayed, tf.mul(tf.sub(variable, anchor), proximal)) : decayed;
  };
  return Object.assign(penalties, { dispose: () => tf.dispose([...anchors.values()]) });
}
