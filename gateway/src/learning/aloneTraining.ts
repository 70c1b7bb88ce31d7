/** What a hospital reaches alone: the study's model trained on its own rows only, with the same engine. */
import type { LocalTraining, Metrics, StudyProtocol } from '@consilium/domain';
import { studyTensors } from '@consilium/domain';
import type { EngineUsed } from './engines/engine.js';
import { exactMetrics } from './evaluation.js';
import type { HospitalModel } from './hospitalModel.js';
import { initialTensor } from './initialWeights.js';
import { type Network, readValues, type TensorValues } from './models/network.js';
import { type PredictedRow, predictedRows } from './predictions.js';

/** Its own steps, batch, optimiser and penalties; `proximal` pulls to nothing here. */
export type AloneTraining = LocalTraining &
  Readonly<{
    /** The mean of the weights after this step and each later one is evaluated, instead of the last ones. */
    averageFromStep?: number;
  }>;

export type AloneResult = Readonly<{
  engine: EngineUsed;
  /** On this hospital's own test rows. */
  metrics: Metrics;
  rows: readonly PredictedRow[];
  trainingRows: number;
  /** Of a binary label; null for a numeric one. */
  trainingPositives: number | null;
  seconds: number;
}>;

/**
 * The protocol as a hospital alone would have it: standardised by its own rows where the study's is by all hospitals', or
 * by declared ranges for the sake of privacy, which nobody needs whose model stays at home.
 */
export function aloneProtocol(protocol: StudyProtocol): StudyProtocol {
  const isByOwnRows = protocol.standardisation === 'federated' || protocol.privacy !== undefined;
  return isByOwnRows ? { ...protocol, standardisation: 'per-hospital' } : protocol;
}

/**
 * Without a train row the protocol's first weights are evaluated.
 * @param model built for `aloneProtocol`
 * @throws ConsiliumError TRAINING_NOT_FINITE
 */
export async function trainAlone(
  model: HospitalModel,
  training: AloneTraining,
  onProgress?: (step: number) => void | Promise<void>,
): Promise<Omit<AloneResult, 'engine'>> {
  const started = performance.now();
  const { protocol, trainRows } = model;
  const start = new Map(studyTensors(protocol).map((tensor) => [tensor.name, initialTensor(protocol.seed, tensor)]));
  const values = trainRows.length === 0 ? start : await trained(model, training, start, onProgress);
  const scored = model.score(values, {}, model.testRows);
  return {
    metrics: exactMetrics(protocol, scored),
    rows: predictedRows(model, scored),
    trainingRows: trainRows.length,
    trainingPositives: protocol.label.kind === 'binary' ? model.trainPositives() : null,
    seconds: (performance.now() - started) / 1_000,
  };
}

async function trained(
  model: HospitalModel,
  { averageFromStep, ...training }: AloneTraining,
  start: TensorValues,
  onProgress?: (step: number) => void | Promise<void>,
): Promise<TensorValues> {
  const mean = averageFromStep === undefined ? undefined : new RunningMean(averageFromStep);
  const last = await model.train(
    start,
    {},
    {
      training: { ...training, proximal: 0 },
      base: start,
      round: 'alone',
      ...(mean ? { afterStep: (step, network) => mean.add(step, network) } : {}),
      ...(onProgress ? { onProgress } : {}),
    },
  );
  return mean?.values() ?? last;
}

/** Sums of weights on doubles, from a step on. */
class RunningMean {
  readonly #from: number;
  readonly #sums = new Map<string, Float64Array>();
  #count = 0;

  constructor(from: number) {
    this.#from = from;
  }

  add(step: number, network: Network): void {
    if (step < this.#from) return;
    this.#count++;
    for (const [name, values] of readValues(network)) {
      const sums = this.#sums.get(name) ?? new Float64Array(values.length);
      for (const [i, value] of values.entries()) sums[i] = (sums[i] as number) + value;
      this.#sums.set(name, sums);
    }
  }

  /** Undefined where no step was late enough. */
  values(): TensorValues | undefined {
    if (this.#count === 0) return undefined;
    return new Map([...this.#sums].map(([name, sums]) => [name, Float32Array.from(sums, (sum) => sum / this.#count)]));
  }
}
