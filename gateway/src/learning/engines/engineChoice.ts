/** Which engine a study is computed with: pinned by its protocol or by the gateway, else by what its model is. */
import { type Model, refusal, type StudyProtocol } from '@consilium/domain';
import type { Engine, EngineName } from './engine.js';

/** The gateway's own setting. */
export type EngineSetting = 'auto' | EngineName;

/** Loads an engine, or throws why it cannot be had. */
export type EngineLoaders = Readonly<Record<EngineName, () => Promise<Engine>>>;

export type EngineChosen = Readonly<{
  engine: Engine;
  /** What the operator should know of the choice. */
  notice?: string;
}>;

/** Layers whose operations are large enough for tfjs-node's cost for each operation to be worth it. */
const LARGE_OPERATIONS = /Conv|Pool|LSTM|GRU|RNN|Embedding|UpSampling/;

/**
 * Engines in the order in which they are tried.
 * @throws ConsiliumError ENGINE_UNAVAILABLE where protocol and gateway are set to different ones
 */
export function enginesToTry(protocol: Pick<StudyProtocol, 'engine' | 'model'>, setting: EngineSetting): EngineName[] {
  const pinned = protocol.engine === 'auto' ? setting : protocol.engine;
  if (setting !== 'auto' && pinned !== setting)
    throw refusal('ENGINE_UNAVAILABLE', { engine: pinned, reason: `this gateway is set to ${setting}` });
  if (pinned !== 'auto') return [pinned];
  return isLarge(protocol.model) ? ['tfjs-node', 'wasm'] : ['wasm', 'tfjs-node'];
}

/**
 * Loads the first engine that works.
 * @throws ConsiliumError ENGINE_UNAVAILABLE with each one's reason
 */
export async function chooseEngine(engines: readonly EngineName[], loaders: EngineLoaders): Promise<EngineChosen> {
  const reasons: string[] = [];
  for (const name of engines) {
    try {
      const engine = await loaders[name]();
      if (reasons.length === 0) return { engine };
      return { engine, notice: `trains with ${name} and more slowly: ${reasons.join('; ')}` };
    } catch (cause) {
      reasons.push(`${name} does not load (${firstLine(cause)})`);
    }
  }
  throw refusal('ENGINE_UNAVAILABLE', { engine: engines.join(' or '), reason: reasons.join('; ') });
}

function isLarge(model: Model): boolean {
  if (model.kind === 'convolutional') return true;
  return model.kind === 'layers-model' && classNames(model.topology).some((name) => LARGE_OPERATIONS.test(name));
}

function classNames(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(classNames);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) =>
    key === 'class_name' && typeof member === 'string' ? [member] : classNames(member),
  );
}

function firstLine(cause: unknown): string {
  return (cause instanceof Error ? cause.message : String(cause)).split('\n')[0]?.slice(0, 200) ?? '';
}
