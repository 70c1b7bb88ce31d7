/** What the file of a model version holds, and how it is checked against its study's protocol. */
import { featureNames, refusal, type StudyProtocol, sharedTensors } from '@consilium/domain';
import { type FileTensor, readSafetensors, writeSafetensors } from './safetensors.js';
import type { Moment, Moments } from './serverOptimisers/serverAlgorithm.js';
import { serverAlgorithm } from './serverOptimisers/serverAlgorithms.js';

/** `[features]` each, in units of features mapped to [-1, 1]: z = (u - mean) / deviation. */
export type Standardisation = Readonly<{ mean: Float64Array; deviation: Float64Array }>;

export type VersionContent = Readonly<{
  /** Shared weights by tensor name. */
  weights: ReadonlyMap<string, Float32Array>;
  /** From the statistics round. */
  statistics?: Standardisation;
  /** The server optimiser's state by tensor name; absent before the first training round. */
  optimiser?: ReadonlyMap<string, Moments>;
  /** Sums over `count` versions, by tensor name, where the protocol says `averageFrom`. */
  average?: Readonly<{ count: number; sums: ReadonlyMap<string, Float64Array> }>;
}>;

export function writeVersion(protocol: StudyProtocol, content: VersionContent): Uint8Array {
  const { weights, statistics, optimiser, average } = content;
  const file = new Map<string, FileTensor>();
  for (const { name, shape } of sharedTensors(protocol)) {
    file.set(name, { shape, values: weights.get(name) as Float32Array });
    const moments = optimiser?.get(name) ?? {};
    for (const [moment, values] of Object.entries(moments)) file.set(`optimiser/${moment}/${name}`, { shape, values });
    if (average) file.set(`average/${name}`, { shape, values: average.sums.get(name) as Float64Array });
  }
  if (average) file.set('average/count', { shape: [1], values: new Float64Array([average.count]) });
  if (statistics) {
    const shape = [statistics.mean.length];
    file.set('statistics/mean', { shape, values: statistics.mean });
    file.set('statistics/deviation', { shape, values: statistics.deviation });
  }
  return writeSafetensors(file);
}

/** @throws ConsiliumError VERSION_FILE_INVALID for bytes that are no version of this study's model */
export function readVersion(protocol: StudyProtocol, bytes: Uint8Array): VersionContent {
  const file = new Remaining(readSafetensors(bytes));
  const shared = sharedTensors(protocol);
  const weights = new Map(shared.map(({ name, shape }) => [name, file.take(name, shape, 'F32') as Float32Array]));
  const statistics = readStatistics(protocol, file);
  const optimiser = readOptimiser(protocol, file);
  const average = readAverage(protocol, file);
  file.expectEmpty();
  return {
    weights,
    ...(statistics ? { statistics } : {}),
    ...(optimiser ? { optimiser } : {}),
    ...(average ? { average } : {}),
  };
}

function readStatistics(protocol: StudyProtocol, file: Remaining): Standardisation | undefined {
  if (!file.has('statistics/mean')) return undefined;
  const shape = [featureNames(protocol.columns).length];
  const mean = file.take('statistics/mean', shape, 'F64') as Float64Array;
  const deviation = file.take('statistics/deviation', shape, 'F64') as Float64Array;
  if (deviation.some((value) => value <= 0)) throw invalid('a deviation is not above 0');
  return { mean, deviation };
}

function readOptimiser(protocol: StudyProtocol, file: Remaining): Map<string, Moments> | undefined {
  const { moments } = serverAlgorithm(protocol.aggregation.server);
  const shared = sharedTensors(protocol);
  const holdsState = shared.some(({ name }) => moments.some((moment) => file.has(`optimiser/${moment}/${name}`)));
  if (!holdsState) return undefined;
  return new Map(
    shared.map(({ name, shape }) => {
      const state: Partial<Record<Moment, Float64Array>> = {};
      for (const moment of moments)
        state[moment] = file.take(`optimiser/${moment}/${name}`, shape, 'F64') as Float64Array;
      return [name, state];
    }),
  );
}

function readAverage(protocol: StudyProtocol, file: Remaining): VersionContent['average'] {
  if (protocol.averageFrom === undefined || !file.has('average/count')) return undefined;
  const [count] = file.take('average/count', [1], 'F64') as Float64Array;
  if (!Number.isSafeInteger(count) || (count as number) < 1) throw invalid('average/count is no count');
  const sums = sharedTensors(protocol).map(
    ({ name, shape }) => [name, file.take(`average/${name}`, shape, 'F64') as Float64Array] as const,
  );
  return { count: count as number, sums: new Map(sums) };
}

/** The tensors of a file that nothing has asked for yet. */
class Remaining {
  readonly #tensors: Map<string, FileTensor>;

  constructor(tensors: Map<string, FileTensor>) {
    this.#tensors = tensors;
  }

  has(name: string): boolean {
    return this.#tensors.has(name);
  }

  take(name: string, shape: readonly number[], dtype: 'F32' | 'F64'): Float32Array | Float64Array {
    const tensor = this.#tensors.get(name);
    if (!tensor) throw invalid(`it has no tensor ${name}`);
    const found = tensor.values.BYTES_PER_ELEMENT === 4 ? 'F32' : 'F64';
    if (found !== dtype || tensor.shape.join() !== shape.join())
      throw invalid(`tensor ${name} is ${found}[${tensor.shape}], not ${dtype}[${shape}]`);
    if (!isFiniteThroughout(tensor.values)) throw invalid(`tensor ${name} holds NaN or Infinity`);
    this.#tensors.delete(name);
    return tensor.values;
  }

  expectEmpty(): void {
    const [name] = this.#tensors.keys();
    if (name !== undefined) throw invalid(`it has a tensor ${name} that the protocol does not know`);
  }
}

/** A loop, since a function for each of many millions of values takes longer than all the rest. */
function isFiniteThroughout(values: Float32Array | Float64Array): boolean {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return false;
  return true;
}

function invalid(problem: string): Error {
  return refusal('VERSION_FILE_INVALID', { problem });
}
