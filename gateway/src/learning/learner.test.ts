import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import {
  ConsiliumError,
  canonicalDigest,
  type Msp,
  refusal,
  StudyConsent,
  type StudyProtocol,
  vectorLayout,
} from '@consilium/domain';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { CohortSelection, Log, VectorTask } from '../agent/ports.js';
import { roundArithmetic } from './aggregate.js';
import { type LearnerOptions, TrainingLearner, type TrainingProgress } from './learner.js';
import { patternRows, smallStudy } from './study.fixture.js';
import type { RowSource } from './trainingRows.js';

const processFile = fileURLToPath(new URL('../../dist/learning/trainingProcess.js', import.meta.url));
const ROWS = patternRows(60, 2, ['train', 'train', 'test']);
const SHORT = smallStudy({ standardisation: 'per-hospital' });
/** Long enough to be disturbed in the middle: some seconds. */
const LONG = smallStudy({
  standardisation: 'per-hospital',
  training: { steps: 8_000, batchSize: 4, optimiser: { kind: 'sgd', learningRate: 0.01 } },
});

type Line = Readonly<{ level: string; fields: Readonly<Record<string, unknown>>; message: string }>;
const learners: TrainingLearner[] = [];

afterEach(() => {
  for (const learner of learners.splice(0)) learner.close();
});

function learner(options: Partial<LearnerOptions> = {}) {
  const lines: Line[] = [];
  const progress: TrainingProgress[] = [];
  const line =
    (level: string): Log['info'] =>
    (fields, message) =>
      lines.push({ level, fields, message });
  const log: Log = { info: line('info'), warn: line('warn'), error: line('error') };
  const onProgress = (step: TrainingProgress) => progress.push(step);
  const made = new TrainingLearner({
    msp: 'AMSP' as Msp,
    rows: async () => ROWS,
    engine: 'wasm',
    log,
    onProgress,
    processFile,
    ...options,
  });
  learners.push(made);
  const pids = () => lines.flatMap(({ fields }) => (typeof fields.pid === 'number' ? [fields.pid] : []));
  return { learner: made, lines, progress, pids };
}

function task(protocol: StudyProtocol, round = 1): VectorTask {
  const base = { version: 0, file: roundArithmetic.initialVersion(protocol), personal: undefined };
  return {
    study: 's' as VectorTask['study'],
    protocol,
    round,
    kind: 'training',
    base,
    candidateParent: undefined,
    selection: undefined,
  };
}

function selectionOf(patients: readonly string[]): CohortSelection {
  const digest = canonicalDigest([...patients]);
  const commitment = { root: digest, sizeBucket: '1', restrictionEpoch: 0, policyVersion: 1, purposes: [] };
  return { patientsDigest: digest, patients: new Set(patients), commitment };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function until(condition: () => boolean): Promise<void> {
  for (let k = 0; k < 2_000 && !condition(); k++) await sleep(25);
  expect(condition()).toBe(true);
}

describe('learner', () => {
  test('makes vectors in one process for a study, with the rows handed over once', async () => {
    let asked = 0;
    const rows = async () => {
      asked++;
      return ROWS;
    };
    const { learner: made, pids } = learner({ rows });
    const [first, second] = [await made.makeVector(task(SHORT)), await made.makeVector(task(SHORT))];
    expect(first.engine).toEqual({ name: 'wasm', version: '4.22.0' });
    expect([...first.vector]).toEqual([...second.vector]);
    expect(first.trainingPatients).toBe(40);
    expect(asked).toBe(1);
    expect(pids()).toHaveLength(1);
  }, 120_000);

  test('trains privately by the patients that its own hospital declared, never the same twice', async () => {
    const privacy = {
      samplingRate: 0.5,
      noiseMultiplier: 1,
      patientClipNorm: 1,
      delta: 1e-5,
      budgetMicroEpsilon: 1,
      spentMicroEpsilonAfterRound: [1],
      declaredPatients: { AMSP: 7, BMSP: 31 },
    };
    const protocol = smallStudy({ standardisation: 'declared-ranges', metrics: 'final', privacy });
    const { learner: made } = learner({ msp: 'BMSP' as Msp });
    const [one, other] = [await made.makeVector(task(protocol)), await made.makeVector(task(protocol))];
    expect([one.vector.at(-1), other.vector.at(-1)]).toEqual([31, 31]);
    for (const [i, element] of one.vector.slice(0, -1).entries()) expect(element).not.toBe(other.vector[i]);
  }, 120_000);

  test('predicts and trains alone in the same process, one thing after another', async () => {
    const { learner: made, pids } = learner();
    const version = task(SHORT).base;
    const [predictions, alone] = await Promise.all([
      made.predictions({ study: 's', protocol: SHORT, version }),
      made.trainAlone({ study: 's', protocol: SHORT, training: { ...SHORT.training, steps: 50 } }),
    ]);
    expect(predictions.rows.map(({ line }) => line)).toEqual(alone.rows.map(({ line }) => line));
    expect(alone.metrics.patients).toBe(20);
    expect(alone.engine.name).toBe('wasm');
    expect(pids()).toHaveLength(1);
  }, 120_000);

  test('a process killed in the middle is started again, and the vector is the same', async () => {
    const undisturbed = learner();
    const wanted = await undisturbed.learner.makeVector(task(LONG));
    const { learner: made, lines, progress, pids } = learner();
    const vector = made.makeVector(task(LONG));
    await until(() => progress.length > 0);
    process.kill(pids()[0] as number, 'SIGKILL');
    expect([...(await vector).vector]).toEqual([...wanted.vector]);
    expect(pids()).toHaveLength(2);
    expect(lines).toContainEqual(expect.objectContaining({ level: 'warn', message: 'the training process ended' }));
  }, 120_000);

  test('a process killed twice fails the task, and the next task works', async () => {
    const { learner: made, progress, pids } = learner();
    const vector = made.makeVector(task(LONG));
    const failed = expect(vector).rejects.toThrow(/^TRAINING_FAILED: .*SIGKILL/);
    for (const attempt of [0, 1]) {
      progress.length = 0;
      await until(() => progress.length > 0);
      process.kill(pids()[attempt] as number, 'SIGKILL');
    }
    await failed;
    expect((await made.makeVector(task(SHORT))).trainingPatients).toBe(40);
  }, 120_000);

  test('an abort ends training at once, and the next task works', async () => {
    const { learner: made, progress } = learner();
    const control = new AbortController();
    const vector = made.makeVector(task(LONG), control.signal);
    await until(() => progress.length > 0);
    expect(progress[0]).toMatchObject({ study: 's', round: 1, steps: 8_000 });
    control.abort(new Error('enough'));
    await expect(vector).rejects.toThrow('enough');
    expect((await made.makeVector(task(LONG, 2), undefined)).trainingPatients).toBe(40);
  }, 120_000);

  test('holds rows of one selection: another one starts a new process, with no row of anybody else', async () => {
    const consented = { ...SHORT, consent: StudyConsent.parse({}) };
    const asked: (readonly string[])[] = [];
    const rows: RowSource = async (_protocol, { select } = {}) => {
      asked.push([...(select ?? [])]);
      return ROWS;
    };
    const { learner: made, pids } = learner({ rows });
    const chosen = (...patients: string[]) => ({ ...task(consented), selection: selectionOf(patients) });
    await made.makeVector(chosen('a', 'b'));
    await made.makeVector(chosen('a', 'b'));
    await made.makeVector(chosen('a'));
    expect(asked).toEqual([['a', 'b'], ['a']]);
    expect(pids()).toHaveLength(2);
    await until(() => !isAlive(pids()[0] as number));
    made.releaseSelections();
    await until(() => !isAlive(pids()[1] as number));
    await expect(made.makeVector(task(consented))).rejects.toThrow('selected patients only');
    expect(asked).toHaveLength(2);
  }, 120_000);

  test('an abort in the middle takes the selected rows out of memory, and a release leaves others their process', async () => {
    const consented = { ...LONG, consent: StudyConsent.parse({}) };
    const { learner: made, progress, pids } = learner();
    await made.makeVector({ ...task(SHORT), study: 'other' as VectorTask['study'] });
    progress.length = 0;
    const control = new AbortController();
    const vector = made.makeVector({ ...task(consented), selection: selectionOf(['a']) }, control.signal);
    await until(() => progress.length > 0);
    made.releaseSelections();
    expect(pids().map(isAlive)).toEqual([true, true]);
    control.abort(new Error('withdrawn'));
    await expect(vector).rejects.toThrow('withdrawn');
    await until(() => !isAlive(pids()[1] as number));
    made.releaseSelections();
    expect(isAlive(pids()[0] as number)).toBe(true);
  }, 120_000);

  test('who gives up waiting leaves at once', async () => {
    const { learner: made } = learner();
    const working = made.makeVector(task(SHORT));
    const control = new AbortController();
    const waiting = made.makeVector(task(SHORT), control.signal);
    control.abort(new Error('no longer'));
    await expect(waiting).rejects.toThrow('no longer');
    await working;
  }, 120_000);

  test('close fails what is going on and starts nothing new', async () => {
    const { learner: made, progress, pids } = learner();
    const vector = made.makeVector(task(LONG));
    const failed = expect(vector).rejects.toThrow(/^TRAINING_FAILED: .*stopping/);
    await until(() => progress.length > 0);
    made.close();
    await failed;
    expect(pids()).toHaveLength(1);
  }, 60_000);

  test('errors come with their code', async () => {
    const runaway = smallStudy({
      standardisation: 'per-hospital',
      training: { steps: 100, batchSize: 4, optimiser: { kind: 'sgd', learningRate: 100 }, l2: 100 },
    });
    const { learner: made } = learner();
    await expect(made.makeVector(task(runaway, 9))).rejects.toMatchObject({ code: 'TRAINING_NOT_FINITE' });
    const pinned = smallStudy({ engine: 'tfjs-node' });
    await expect(made.makeVector(task(pinned))).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE' });
    const rows = async () => {
      throw refusal('DATA_EMPTY', { file: 'a.csv' });
    };
    await expect(learner({ rows }).learner.makeVector(task(SHORT))).rejects.toMatchObject({ code: 'DATA_EMPTY' });
  }, 60_000);

  test('tfjs-node comes to nearly the same vector as wasm, or is refused by name', async () => {
    const wanted = (await learner().learner.makeVector(task(SHORT))).vector;
    const made = await learner({ engine: 'tfjs-node' })
      .learner.makeVector(task(SHORT))
      .catch((error: unknown) => error as ConsiliumError);
    if (made instanceof ConsiliumError) {
      expect(made.code).toBe('ENGINE_UNAVAILABLE');
      return;
    }
    expect(made.engine.name).toBe('tfjs-node');
    const largest = Math.max(...wanted.map(Math.abs));
    for (const [i, value] of wanted.entries())
      expect(Math.abs(value - (made.vector[i] as number))).toBeLessThan(0.001 * largest);
  }, 60_000);

  test('dropout and batch statistics of a layers model are the same in every process', async () => {
    const layer = (class_name: string, config: object) => ({ class_name, config });
    const study = smallStudy({
      standardisation: 'declared-ranges',
      model: {
        kind: 'layers-model',
        topology: {
          class_name: 'Sequential',
          config: {
            name: 'net',
            layers: [
              layer('Dense', { name: 'first', units: 6, activation: 'relu', batch_input_shape: [null, 2] }),
              layer('BatchNormalization', { name: 'norm' }),
              layer('Dropout', { name: 'drop', rate: 0.5 }),
              layer('Dense', { name: 'last', units: 1, activation: 'sigmoid' }),
            ],
          },
        },
        tensors: [
          { name: 'first/kernel', shape: [2, 6], fan: { in: 2, out: 6 } },
          { name: 'first/bias', shape: [6] },
          { name: 'norm/gamma', shape: [6], start: 1 },
          { name: 'norm/beta', shape: [6] },
          { name: 'norm/moving_mean', shape: [6] },
          { name: 'norm/moving_variance', shape: [6], start: 1 },
          { name: 'last/kernel', shape: [6, 1], fan: { in: 6, out: 1 } },
          { name: 'last/bias', shape: [1] },
        ],
      },
    });
    const vectors = [1, 1, 2].map(async (round) => (await learner().learner.makeVector(task(study, round))).vector);
    const [first, again, other] = await Promise.all(vectors);
    expect([...(again ?? [])]).toEqual([...(first ?? [])]);
    expect([...(other ?? [])]).not.toEqual([...(first ?? [])]);
    const { update } = vectorLayout(study, 'training');
    const variance = update?.tensors.find(({ tensor }) => tensor.name === 'norm/moving_variance')?.slice
      .start as number;
    expect(first?.[variance]).not.toBe(0);
  }, 60_000);

  test('a process that holds too much memory gives up', async () => {
    const { learner: made } = learner({ residentMiBMax: 10 });
    await expect(made.makeVector(task(LONG))).rejects.toThrow(/^TRAINING_FAILED: .*10 are allowed/);
  }, 60_000);

  test('a process that cannot start is told', async () => {
    const { learner: made } = learner({ processFile: `${processFile}.missing` });
    await expect(made.makeVector(task(SHORT))).rejects.toThrow(/^TRAINING_FAILED/);
  }, 60_000);
});
