/** The WebAssembly backend: part of the npm package, so it is there on every machine. One thread. */
import type { Engine } from './engine.js';
import { completeWasmKernels } from './wasmKernels.js';

/** @throws Error where WebAssembly cannot be had */
export async function loadWasm(): Promise<Engine> {
  const { default: tf } = await import('@tensorflow/tfjs');
  const { default: backend } = await import('@tensorflow/tfjs-backend-wasm');
  tf.enableProdMode();
  backend.setThreadsCount(1);
  if (!(await tf.setBackend('wasm'))) throw new Error('the wasm backend does not start');
  await tf.ready();
  completeWasmKernels(tf);
  return { name: 'wasm', version: backend.version_wasm, tf };
}
