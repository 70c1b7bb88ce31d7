/** A study's model in an engine's memory together with a hospital's rows: trained and scored for one task after another. */
import type { StudyProtocol } from '@consilium/domain';
import { SystemNoise } from '../privacy/systemNoise.js';
import { BatchOrder } from './batchOrder.js';
import type { Engine } from './engines/engine.js';
import { type TrainingJob, trainLocally } from './localTraining.js';
import { loadValues, type Network, type TensorValues } from './models/network.js';
import { networkOf } from './models/networkOf.js';
import { type PrivateTrainingJob, trainPrivately } from './privateTraining.js';
import { type Scored, scoreRows } from './scoring.js';
import { standardisationFor, standardised } from './standardisation.js';
import type { RowSet, TrainingRows } from './trainingRows.js';
import type { VersionContent } from './versionFile.js';

export type TrainingOptions = Pick<TrainingJob, 'training' | 'base' | 'round' | 'onProgress'> &
  Readonly<{ afterStep?: (step: number, network: Network) => void }>;

export type PrivateOptions = Pick<
  PrivateTrainingJob,
  'training' | 'base' | 'round' | 'onProgress' | 'privacy' | 'declaredPatients'
>;

export class HospitalModel {
  readonly protocol: StudyProtocol;
  readonly rows: TrainingRows;
  readonly #engine: Engine;
  readonly #network: Network;
  readonly #rowsOf: Readonly<Record<RowSet, readonly number[]>>;
  #scaled: Readonly<{ key: string; features: Float32Array }> | undefined;

  private constructor(engine: Engine, network: Network, protocol: StudyProtocol, rows: TrainingRows) {
    this.#engine = engine;
    this.#network = network;
    this.protocol = protocol;
    this.rows = rows;
    const rowsOf: Record<RowSet, number[]> = { train: [], validation: [], test: [] };
    for (const [row, set] of rows.sets.entries()) rowsOf[set].push(row);
    this.#rowsOf = rowsOf;
  }

  /** @throws ConsiliumError PROTOCOL_MODEL_INVALID */
  static async build(engine: Engine, protocol: StudyProtocol, rows: TrainingRows): Promise<HospitalModel> {
    return new HospitalModel(engine, await networkOf(engine.tf, protocol), protocol, rows);
  }

  get trainRows(): readonly number[] {
    return this.#rowsOf.train;
  }

  /** What training rounds evaluate on: validation rows, or the train rows where the protocol's share is 0. */
  get validationRows(): readonly number[] {
    return this.protocol.validationShare === 0 ? this.#rowsOf.train : this.#rowsOf.validation;
  }

  get testRows(): readonly number[] {
    return this.#rowsOf.test;
  }

  /** Distinct patients among the train rows. */
  trainingPatients(): number {
    return new Set(this.trainRows.map((row) => this.rows.patientKeys[row])).size;
  }

  /** Positives among the train rows; of a binary label. */
  trainPositives(): number {
    return this.trainRows.filter((row) => this.rows.labels[row] === 1).length;
  }

  /** What tensor values make of rows, each by its version's standardisation. */
  score(values: TensorValues, version: Pick<VersionContent, 'statistics'>, rows: readonly number[]): Scored {
    const { featureCount, labels } = this.rows;
    loadValues(this.#engine.tf, this.#network, values);
    const input = { features: this.#features(version), featureCount, labels };
    return scoreRows(this.#engine.tf, this.#network, this.protocol.label, input, rows);
  }

  /**
   * Trains from `start` on the train rows, of which there is one at least.
   * @returns every tensor after the last step
   * @throws ConsiliumError TRAINING_NOT_FINITE
   */
  async train(
    start: TensorValues,
    version: Pick<VersionContent, 'statistics'>,
    { afterStep, ...options }: TrainingOptions,
  ): Promise<Map<string, Float32Array>> {
    const { featureCount, labels } = this.rows;
    loadValues(this.#engine.tf, this.#network, start);
    return trainLocally({
      ...options,
      ...(afterStep ? { afterStep: (step) => afterStep(step, this.#network) } : {}),
      tf: this.#engine.tf,
      network: this.#network,
      label: this.protocol.label,
      features: this.#features(version),
      featureCount,
      labels,
      order: new BatchOrder(this.protocol.seed, options.round, this.trainRows, options.training.batchSize),
    });
  }

  /**
   * The same by DP-SGD, on whatever train rows there are: all rows of a patient are one unit.
   * @returns every tensor after the last step
   * @throws ConsiliumError TRAINING_NOT_FINITE, PROTOCOL_PRIVACY_UNSOUND
   */
  async trainPrivately(start: TensorValues, options: PrivateOptions): Promise<Map<string, Float32Array>> {
    const { featureCount, labels } = this.rows;
    loadValues(this.#engine.tf, this.#network, start);
    return trainPrivately({
      ...options,
      tf: this.#engine.tf,
      network: this.#network,
      label: this.protocol.label,
      features: this.rows.features,
      featureCount,
      labels,
      patients: this.#trainPatients(),
      noise: new SystemNoise(),
    });
  }

  #trainPatients(): number[][] {
    const patients = new Map<string, number[]>();
    for (const row of this.trainRows) {
      const key = this.rows.patientKeys[row] as string;
      const own = patients.get(key);
      if (own) own.push(row);
      else patients.set(key, [row]);
    }
    return [...patients.values()];
  }

  dispose(): void {
    this.#network.dispose();
  }

  /** Scaled features of the version asked for last: base and parent mostly share their statistics. */
  #features(version: Pick<VersionContent, 'statistics'>): Float32Array {
    const by = standardisationFor(this.rows, this.protocol.standardisation, version);
    const key = by ? `${by.mean.join()};${by.deviation.join()}` : '';
    if (this.#scaled?.key !== key) this.#scaled = { key, features: standardised(this.rows, by) };
    return this.#scaled.features;
  }
}
