/** The gradient of a study's loss at a network's outputs. */
import type { StudyProtocol } from '@consilium/domain';
import type { Scalar, Tensor, Tensor1D } from '@tensorflow/tfjs';
import type { Tensorflow } from './engines/engine.js';

/**
 * A loss of which only the gradient is computed, by formula: log-loss of log-odds (sigmoid(z) - y), or squared error
 * (2 (z - y)). Its value is never looked at and stands at 0; a step costs less than half of what it costs otherwise.
 *
 * @param weights `[rows]`: what each row counts; absent: all alike, so that the loss is the mean
 */
export function lossGradientOf(
  tf: Tensorflow,
  label: StudyProtocol['label'],
  weights?: Tensor1D,
): (outputs: Tensor1D, labels: Tensor1D) => Scalar {
  const loss = tf.customGrad((...args) => {
    const [outputs, labels, save] = args as unknown as [Tensor1D, Tensor1D, (tensors: Tensor[]) => void];
    save([outputs, labels]);
    return {
      value: tf.scalar(0),
      gradFunc: (_: Tensor, saved: Tensor[]) => {
        const [z, y] = saved as [Tensor, Tensor];
        const predicted = label.kind === 'binary' ? tf.sigmoid(z) : z;
        const slope = label.kind === 'binary' ? 1 : 2;
        const factor = weights ? tf.mul(weights, slope) : slope / z.size;
        return [tf.mul(tf.sub(predicted, y), factor), tf.zerosLike(y)];
      },
    };
  });
  return loss as (outputs: Tensor1D, labels: Tensor1D) => Scalar;
}
