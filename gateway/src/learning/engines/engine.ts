/** What computes: one of tfjs's backends, loaded once in a process. Everything else reaches tfjs through this. */
import type tfjs from '@tensorflow/tfjs';

export type Tensorflow = typeof tfjs;
export type EngineName = 'tfjs-node' | 'wasm';

export type EngineUsed = Readonly<{ name: EngineName; version: string }>;

export interface Engine extends EngineUsed {
  readonly tf: Tensorflow;
}
