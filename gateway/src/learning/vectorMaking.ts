/** A hospital's vector of a round, made of its own rows. */
import {
  type LocalTraining,
  type Metrics,
  refusal,
  sharedTensors,
  statisticsScale,
  updateScale,
  type VectorLayout,
  vectorLayout,
} from '@consilium/domain';
import type { VectorMade, VectorTask } from '../agent/ports.js';
import { quantiseTotal, quantiseUpdate } from '../privacy/fixedPoint.js';
import { exactMetrics, writeEvaluation, writeLoss } from './evaluation.js';
import type { HospitalModel } from './hospitalModel.js';
import type { TensorValues } from './models/network.js';
import { currentValues, nextPersonal, releasedValues, type WholeVersion, wholeVersion } from './personalTensors.js';
import { ledgerMetrics } from './smallCells.js';
import { trainSums } from './standardisation.js';

/** A vector with what the operator of this hospital should know of it. */
export type HospitalVector = VectorMade & Readonly<{ notices: readonly string[] }>;

type Filled = Pick<VectorMade, 'personal' | 'evaluation' | 'clipped'>;
/** What the rows and the model are given for; in a private study with the patients that this hospital declared. */
type Task = Omit<VectorTask, 'study' | 'protocol' | 'selection'> & Readonly<{ declaredPatients?: number | undefined }>;
type Report = (step: number) => void | Promise<void>;
/** Base and candidate parent, their files read. */
type Bases = Readonly<{ base: WholeVersion; parent: WholeVersion | undefined }>;

/**
 * @param task of the study that the model was built for
 * @throws ConsiliumError VERSION_FILE_INVALID, TRAINING_NOT_FINITE, UPDATE_OVERFLOWS
 */
export async function makeVector(model: HospitalModel, task: Task, onProgress?: Report): Promise<HospitalVector> {
  const started = performance.now();
  const { protocol } = model;
  const layout = vectorLayout(protocol, task.kind);
  const vector = new Int32Array(layout.length);
  const filled = await fill(model, task, layout, vector, onProgress);
  return {
    vector,
    ...filled,
    trainingPatients: model.trainingPatients(),
    seconds: (performance.now() - started) / 1_000,
    notices: noticesOf(model, protocol.training, task.declaredPatients),
  };
}

async function fill(
  model: HospitalModel,
  task: Task,
  layout: VectorLayout,
  vector: Int32Array,
  onProgress?: Report,
): Promise<Filled> {
  if (layout.statistics) {
    writeStatistics(model, layout.statistics, vector);
    return { personal: task.base.personal, evaluation: undefined, clipped: false };
  }
  const base = wholeVersion(model.protocol, task.base);
  const parent = task.candidateParent && wholeVersion(model.protocol, task.candidateParent);
  if (layout.update) {
    writeValidation(model, layout, { base, parent }, currentValues, vector);
    return train(model, task, layout.update, base, vector, onProgress);
  }
  const released = (version: WholeVersion) => releasedValues(model.protocol, version);
  writeValidation(model, layout, { base, parent }, released, vector);
  const evaluation = writeTest(model, layout, { base, parent }, vector);
  return { personal: task.base.personal, evaluation, clipped: false };
}

/** Sums of features mapped to [-1, 1] and of their squares, rows, and positives: of the train rows. */
function writeStatistics(
  model: HospitalModel,
  slices: NonNullable<VectorLayout['statistics']>,
  vector: Int32Array,
): void {
  const { protocol, trainRows } = model;
  const { patientsMax } = protocol;
  if (trainRows.length > patientsMax)
    throw refusal('UPDATE_OVERFLOWS', {
      problem: `there are ${trainRows.length} training patients, patientsMax allows ${patientsMax}`,
    });
  const scale = statisticsScale(protocol);
  const { sums, squares } = trainSums(model.rows);
  const quantised = (totals: Float64Array) =>
    Int32Array.from(totals, (total) => quantiseTotal(total, patientsMax, scale));
  if (slices.sums) vector.set(quantised(sums), slices.sums.start);
  if (slices.squares) vector.set(quantised(squares), slices.squares.start);
  vector[slices.patients.start] = trainRows.length;
  if (slices.positives) vector[slices.positives.start] = model.trainPositives();
}

function writeValidation(
  model: HospitalModel,
  { validation }: VectorLayout,
  { base, parent }: Bases,
  valuesOf: typeof currentValues,
  vector: Int32Array,
): void {
  if (!validation) return;
  const scored = (version: WholeVersion) => model.score(valuesOf(version), version.content, model.validationRows);
  writeEvaluation(model.protocol, validation.base, scored(base), vector);
  if (parent) writeLoss(model.protocol, validation.parentLoss, scored(parent), vector);
}

/**
 * Of what would be released, on test rows.
 * @returns own exact figures as they may stand on the ledger: undefined where small cells suppress them
 */
function writeTest(
  model: HospitalModel,
  { test }: VectorLayout,
  { base, parent }: Bases,
  vector: Int32Array,
): VectorMade['evaluation'] {
  if (!test) return undefined;
  const judge = (version: WholeVersion, slices: typeof test.base): Metrics | null => {
    const scored = model.score(releasedValues(model.protocol, version), version.content, model.testRows);
    writeEvaluation(model.protocol, slices, scored, vector);
    return ledgerMetrics(model.protocol, exactMetrics(model.protocol, scored));
  };
  const [baseMetrics, parentMetrics] = [judge(base, test.base), parent && judge(parent, test.parent)];
  if (!baseMetrics) return undefined;
  return { base: baseMetrics, parent: parentMetrics ?? undefined };
}

/** A hospital without a train row counts for nothing: its update and its weight are 0. Not so in a private study. */
async function train(
  model: HospitalModel,
  task: Task,
  { all, weight: weightSlice }: NonNullable<VectorLayout['update']>,
  base: WholeVersion,
  vector: Int32Array,
  onProgress?: Report,
): Promise<Filled> {
  const { protocol } = model;
  if (!protocol.privacy && model.trainRows.length === 0)
    return { personal: task.base.personal, evaluation: undefined, clipped: false };
  const start = currentValues(base);
  const { trained, patients } = await trainedFrom(model, task, start, base, onProgress);
  const { weights, weightMax, clipNorm } = protocol.aggregation;
  const weight = weights === 'equal' ? 1 : Math.min(patients, weightMax);
  const names = sharedTensors(protocol).map(({ name }) => name);
  const [after, before] = [trained, start].map((values) => names.map((name) => values.get(name) as Float32Array)) as [
    Float32Array[],
    Float32Array[],
  ];
  const rules = { round: task.round, weight, weightMax, clipNorm, scale: updateScale(protocol) };
  const { clipped } = quantiseUpdate(after, before, rules, vector.subarray(all.start, all.start + all.length));
  vector[weightSlice.start] = weight;
  return { personal: nextPersonal(protocol, task.round, base.personal, trained), evaluation: undefined, clipped };
}

/**
 * @returns every tensor after training, and the patients that the hospital counts by: in a private study those it declared,
 *   so that nothing which leaves the hospital depends on the true number
 */
async function trainedFrom(
  model: HospitalModel,
  { round, declaredPatients }: Task,
  start: TensorValues,
  { content }: WholeVersion,
  onProgress: Report | undefined,
): Promise<Readonly<{ trained: TensorValues; patients: number }>> {
  const { training, privacy } = model.protocol;
  const options = { training, base: content.weights, round, ...(onProgress ? { onProgress } : {}) };
  if (!privacy) return { trained: await model.train(start, content, options), patients: model.trainingPatients() };
  if (declaredPatients === undefined)
    throw refusal('PROTOCOL_PRIVACY_UNSOUND', { problem: 'this hospital has declared no number of patients' });
  const trained = await model.trainPrivately(start, { ...options, privacy, declaredPatients });
  return { trained, patients: declaredPatients };
}

function noticesOf(model: HospitalModel, { batchSize }: LocalTraining, declaredPatients: number | undefined): string[] {
  const rows = model.trainRows.length;
  if (declaredPatients !== undefined) {
    const patients = model.trainingPatients();
    return patients === declaredPatients
      ? []
      : [`${patients} training patients are here, ${declaredPatients} were declared: all divisors are by the latter`];
  }
  if (rows === 0) return ['no training row here: this hospital evaluates, its update counts for nothing'];
  const notices =
    rows < batchSize ? [`${rows} training rows are fewer than a batch of ${batchSize}: a batch has ${rows}`] : [];
  const positives = model.trainPositives();
  const isOneClass = model.protocol.label.kind === 'binary' && (positives === 0 || positives === rows);
  return isOneClass ? [...notices, 'all training rows here have one class'] : notices;
}
