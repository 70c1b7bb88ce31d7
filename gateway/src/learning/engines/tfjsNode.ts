/** TensorFlow's own library through tfjs-node: there where the set-up could get it. Fast where each operation is large. */
import nodeUtil from 'node:util';
import type { Engine } from './engine.js';

type RemovedFromNode = { isNullOrUndefined?: (value: unknown) => boolean };

/** @throws Error where the addon or libtensorflow is missing */
export async function loadTfjsNode(): Promise<Engine> {
  // tfjs-node calls what Node 23 removed.
  const util = nodeUtil as RemovedFromNode;
  util.isNullOrUndefined ??= (value) => value === null || value === undefined;
  const { default: tf } = await import('@tensorflow/tfjs-node');
  tf.enableProdMode();
  await tf.ready();
  if (tf.getBackend() !== 'tensorflow') throw new Error(`tfjs-node chose the backend ${tf.getBackend()}`);
  return { name: 'tfjs-node', version: tf.version['tfjs-node'], tf };
}
