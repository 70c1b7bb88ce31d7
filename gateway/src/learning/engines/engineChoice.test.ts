import type { Model } from '@consilium/domain';
import { describe, expect, test } from '@jest/globals';
import type { Engine, EngineName } from './engine.js';
import { chooseEngine, enginesToTry } from './engineChoice.js';

const DENSE = { kind: 'logistic-regression' } as const satisfies Model;
const CONVOLUTIONAL = { kind: 'convolutional', input: [8, 8, 1], filters: [4], kernelSize: 3, dense: 4 } as const;
const layers = (className: string): Model => ({
  kind: 'layers-model',
  topology: { class_name: 'Sequential', config: { layers: [{ class_name: className, config: {} }] } },
  tensors: [],
});

const works = (name: EngineName) => async () => ({ name, version: '1' }) as Engine;
const fails = (message: string) => async (): Promise<Engine> => {
  throw new Error(message);
};

describe('engine choice', () => {
  test('by model: tables on wasm, images on tfjs-node', () => {
    const tried = (model: unknown) => enginesToTry({ engine: 'auto', model: model as Model }, 'auto')[0];
    expect([DENSE, CONVOLUTIONAL, layers('Dense'), layers('Conv1D'), layers('LSTM')].map(tried)).toEqual([
      'wasm',
      'tfjs-node',
      'wasm',
      'tfjs-node',
      'tfjs-node',
    ]);
  });

  test('pinned by the protocol, or by the gateway', () => {
    expect(enginesToTry({ engine: 'tfjs-node', model: DENSE }, 'auto')).toEqual(['tfjs-node']);
    expect(enginesToTry({ engine: 'auto', model: CONVOLUTIONAL as unknown as Model }, 'wasm')).toEqual(['wasm']);
    expect(enginesToTry({ engine: 'wasm', model: DENSE }, 'wasm')).toEqual(['wasm']);
  });

  test('pinned differently is refused', () => {
    expect(() => enginesToTry({ engine: 'tfjs-node', model: DENSE }, 'wasm')).toThrow(
      /^ENGINE_UNAVAILABLE: .*tfjs-node.*set to wasm/,
    );
  });

  test('the first that loads is taken without a word', async () => {
    const loaders = { wasm: works('wasm'), 'tfjs-node': fails('no addon') };
    expect(await chooseEngine(['wasm', 'tfjs-node'], loaders)).toEqual({ engine: { name: 'wasm', version: '1' } });
  });

  test('falling back is told with the reason', async () => {
    const loaders = { wasm: works('wasm'), 'tfjs-node': fails('no addon\nat x') };
    const { engine, notice } = await chooseEngine(['tfjs-node', 'wasm'], loaders);
    expect(engine.name).toBe('wasm');
    expect(notice).toMatch(/wasm.*more slowly.*no addon\)$/);
  });

  test('where none loads it is refused', async () => {
    const loaders = { wasm: fails('w'), 'tfjs-node': fails('t') };
    await expect(chooseEngine(['tfjs-node'], loaders)).rejects.toThrow(
      /^ENGINE_UNAVAILABLE: the engine tfjs-node .*\(t\)/,
    );
  });
});
