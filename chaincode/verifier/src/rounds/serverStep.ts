/**
 * From the base and what the aggregation rule gave to the next version: FedAvg, FedAvgM (arXiv 1909.06335), and FedAdagrad,
 * FedAdam and FedYogi (arXiv 2003.00295, algorithm 2, without bias correction). Doubles, in the order of the formulas.
 */
import { type ServerOptimiser, type StudyProtocol, sharedTensors } from '@consilium/domain';
import { Doubt, must } from '../doubt.js';
import type { Tensor, Tensors } from './versionFile.js';

/** First and second moments of a tensor; empty where the optimiser keeps none. */
type Moments = Readonly<{ m: Float64Array; v: Float64Array }>;
type Step = Readonly<{
  /** Which moments are kept, and what each begins with. */
  starts: Readonly<Partial<Record<keyof Moments, number>>>;
  /** The new weight of element `k`, whose moments are written. */
  move(weight: number, update: number, moments: Moments, k: number): number;
}>;

const NONE = new Float64Array(0);

/** @param update by tensor, in the order of the vector */
export function nextVersion(protocol: StudyProtocol, round: number, base: Tensors, update: Float64Array): Tensors {
  const { starts, move } = stepOf(protocol.aggregation.server);
  const names = Object.keys(starts) as (keyof Moments)[];
  const next = new Map<string, Tensor>([...base].filter(([name]) => name.startsWith('statistics/')));
  const isAveraged = protocol.averageFrom !== undefined && round >= protocol.averageFrom;
  let start = 0;
  for (const { name, shape, elements } of sharedTensors(protocol)) {
    const before = tensorOf(base, name, shape, 'F32');
    const moments: { m: Float64Array; v: Float64Array } = { m: NONE, v: NONE };
    for (const moment of names)
      moments[moment] = momentOf(base, `optimiser/${moment}/${name}`, shape, starts[moment] as number);
    const weights = new Float64Array(elements);
    // Rounded to float32 once: as it stands in the file, and as it is added up.
    for (let k = 0; k < elements; k++)
      weights[k] = Math.fround(move(before[k] as number, update[start + k] as number, moments, k));
    start += elements;
    next.set(name, { dtype: 'F32', shape, values: weights });
    for (const moment of names)
      next.set(`optimiser/${moment}/${name}`, { dtype: 'F64', shape, values: moments[moment] });
    const running = protocol.averageFrom === undefined ? undefined : base.get(`average/${name}`);
    if (isAveraged) next.set(`average/${name}`, { dtype: 'F64', shape, values: added(running?.values, weights) });
    else if (running) next.set(`average/${name}`, running);
  }
  must(start === update.length, 'an update of another length than the model');
  const count = protocol.averageFrom === undefined ? undefined : base.get('average/count');
  if (isAveraged)
    next.set('average/count', { dtype: 'F64', shape: [1], values: Float64Array.of((count?.values[0] ?? 0) + 1) });
  else if (count) next.set('average/count', count);
  return next;
}

function added(sums: Float64Array | undefined, weights: Float64Array): Float64Array {
  return weights.map((weight, k) => (sums?.[k] ?? 0) + weight);
}

function momentOf(base: Tensors, name: string, shape: readonly number[], start: number): Float64Array {
  if (base.has(name)) return Float64Array.from(tensorOf(base, name, shape, 'F64'));
  return new Float64Array(shape.reduce((product, size) => product * size, 1)).fill(start);
}

function tensorOf(tensors: Tensors, name: string, shape: readonly number[], dtype: Tensor['dtype']): Float64Array {
  const found = tensors.get(name);
  if (!found || found.dtype !== dtype || found.shape.join() !== shape.join())
    throw new Doubt(`the base has no tensor ${name} of the protocol's shape`);
  return found.values;
}

function stepOf(server: ServerOptimiser): Step {
  const rate = server.learningRate;
  if (server.kind === 'fedavg') return { starts: {}, move: (weight, update) => weight + rate * update };
  if (server.kind === 'fedavgm')
    return {
      starts: { m: 0 },
      move(weight, update, { m }, k) {
        m[k] = server.momentum * (m[k] as number) + update;
        return weight + rate * m[k];
      },
    };
  const { beta1, beta2, tau, kind } = server;
  const second = (v: number, square: number): number => {
    if (kind === 'fedadagrad') return v + square;
    if (kind === 'fedadam') return beta2 * v + (1 - beta2) * square;
    return v - (1 - beta2) * square * Math.sign(v - square);
  };
  return {
    starts: { m: 0, v: tau * tau },
    move(weight, update, { m, v }, k) {
      m[k] = beta1 * (m[k] as number) + (1 - beta1) * update;
      v[k] = second(v[k] as number, update * update);
      return weight + (rate * m[k]) / (Math.sqrt(v[k]) + tau);
    },
  };
}
