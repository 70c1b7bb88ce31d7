/**
 * DP-SGD on a hospital's own patients: Abadi et al., "Deep Learning with Differential Privacy", arXiv 1607.00133, algorithm
 * 1. Every patient is in a step with probability q by itself, never by a shuffled batch; all rows of a patient are one unit;
 * the noise is the hospital's own and whole, whatever others do; sampling and noise come from the operating system.
 *
 * gradient = (sum over patients of the clipped gradient + N(0, (sigma * C)²)) / (q * n), n the number of patients declared
 */
import { refusal, type StudyPrivacy } from '@consilium/domain';
import type { NamedTensorMap, Tensor, Tensor2D, Variable } from '@tensorflow/tfjs';
import type { SystemNoise } from '../privacy/systemNoise.js';
import { clippedSum, type PatientBatch } from './clippedGradients.js';
import { batchOf, runSteps, type StepsJob } from './localTraining.js';
import { isTraced, type TracedLayer, type TracedNetwork } from './models/tracedNetwork.js';

/** Rows and elements that one pass holds at once; more patients are taken in several passes, whose sums are the same. */
const ROWS_AT_ONCE_MAX = 1_024;
const ELEMENTS_AT_ONCE_MAX = 8_000_000;

export type PrivateTrainingJob = StepsJob &
  Readonly<{
    privacy: Pick<StudyPrivacy, 'samplingRate' | 'noiseMultiplier' | 'patientClipNorm'>;
    /** n: never the true number. */
    declaredPatients: number;
    /** Each patient's rows, as indices into features and labels. */
    patients: readonly (readonly number[])[];
    noise: SystemNoise;
  }>;

/**
 * Runs the protocol's steps; the network then holds what they gave. A hospital without patients adds noise as any other.
 * @throws ConsiliumError TRAINING_NOT_FINITE; PROTOCOL_PRIVACY_UNSOUND for a model without gradients of single patients
 */
export async function trainPrivately(job: PrivateTrainingJob): Promise<Map<string, Float32Array>> {
  const { network, privacy, declaredPatients } = job;
  if (!isTraced(network)) throw refusal('PROTOCOL_PRIVACY_UNSOUND', { problem: 'no gradients of single patients' });
  const divisor = privacy.samplingRate * declaredPatients;
  return runSteps(job, () => noisedSum(job, network, sampled(job), divisor));
}

/** Each patient by its own draw. */
function sampled({ patients, privacy, noise }: PrivateTrainingJob): readonly (readonly number[])[] {
  const { samplingRate } = privacy;
  return samplingRate === 1 ? patients : patients.filter(() => noise.unit() < samplingRate);
}

function noisedSum(
  job: PrivateTrainingJob,
  network: TracedNetwork,
  patients: readonly (readonly number[])[],
  divisor: number,
): Map<string, Tensor> {
  const { tf, privacy, noise } = job;
  const deviation = privacy.noiseMultiplier * privacy.patientClipNorm;
  const sums = sumOf(job, network, patients);
  return new Map(
    network.trainable.map((name) => {
      const { shape, size } = network.variables.get(name) as Variable;
      const draws = new Float32Array(size);
      noise.fillNormal(draws, deviation);
      const sum = sums[name];
      const drawn = tf.tensor(draws, shape);
      return [name, tf.div(sum ? tf.add(drawn, sum) : drawn, divisor)];
    }),
  );
}

/** Empty where no patient was drawn. */
function sumOf(
  job: PrivateTrainingJob,
  network: TracedNetwork,
  patients: readonly (readonly number[])[],
): NamedTensorMap {
  const { tf, label, privacy } = job;
  let sums: NamedTensorMap = {};
  for (const part of parts(patients, rowsAtOnce(network.layers, job.featureCount))) {
    const before = sums;
    sums = tf.tidy(() => {
      const sum = clippedSum(tf, network, label, patientBatch(job, part), privacy.patientClipNorm);
      for (const [name, earlier] of Object.entries(before)) sum[name] = tf.add(sum[name] as Tensor, earlier);
      return sum;
    });
    tf.dispose(before);
  }
  return sums;
}

function patientBatch(job: PrivateTrainingJob, patients: readonly (readonly number[])[]): PatientBatch {
  const { tf } = job;
  const rows = Int32Array.from(patients.flat());
  const shares = Float32Array.from(patients.flatMap((own) => own.map(() => 1 / own.length)));
  const { x, y } = batchOf(job, rows);
  const single = rows.length === patients.length;
  return {
    x,
    y,
    shares: tf.tensor1d(shares),
    membership: single ? undefined : membershipOf(job, patients, rows.length),
  };
}

function membershipOf({ tf }: PrivateTrainingJob, patients: readonly (readonly number[])[], rows: number): Tensor2D {
  const membership = new Float32Array(patients.length * rows);
  let row = 0;
  for (const [patient, own] of patients.entries()) for (const _ of own) membership[patient * rows + row++] = 1;
  return tf.tensor2d(membership, [patients.length, rows]);
}

/** Whole patients, so many that their rows are at most `rowsMax`, but one at least. */
function* parts(patients: readonly (readonly number[])[], rowsMax: number): Generator<(readonly number[])[]> {
  let part: (readonly number[])[] = [];
  let rows = 0;
  for (const own of patients) {
    if (part.length > 0 && rows + own.length > rowsMax) {
      yield part;
      [part, rows] = [[], 0];
    }
    part.push(own);
    rows += own.length;
  }
  if (part.length > 0) yield part;
}

/** A convolution's patches and its gradient of each row are what takes memory. */
function rowsAtOnce(layers: readonly TracedLayer[], featureCount: number): number {
  let most = 1;
  let channels: number | undefined;
  for (const layer of layers) {
    if (layer.kind === 'dense') break;
    const { size } = layer;
    const [height, width, filters] = layer.output;
    channels ??= featureCount / (height * width);
    const seen = size * size * channels;
    most = Math.max(most, height * width * (seen + filters) + seen * filters);
    channels = filters;
  }
  return Math.max(1, Math.min(ROWS_AT_ONCE_MAX, Math.floor(ELEMENTS_AT_ONCE_MAX / most)));
}
