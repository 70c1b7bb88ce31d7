import { type StudyProtocol, statisticsScale, updateScale, vectorLayout } from '@consilium/domain';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { VectorTask, VersionInHand } from '../agent/ports.js';
import { vectorBytes } from '../privacy/fixedPoint.js';
import { roundArithmetic } from './aggregate.js';
import { aloneProtocol, trainAlone } from './aloneTraining.js';
import type { Engine } from './engines/engine.js';
import { loadWasm } from './engines/wasm.js';
import { HospitalModel } from './hospitalModel.js';
import { predictTestRows } from './predictions.js';
import { patternRows, smallStudy } from './study.fixture.js';
import type { RowSet } from './trainingRows.js';
import { type HospitalVector, makeVector } from './vectorMaking.js';
import { readVersion } from './versionFile.js';

let engine: Engine;

beforeAll(async () => {
  engine = await loadWasm();
});

const build = (protocol: StudyProtocol, count = 60, sets: RowSet[] = ['train', 'train', 'validation', 'test']) =>
  HospitalModel.build(engine, protocol, patternRows(count, 2, sets));

function task(
  protocol: StudyProtocol,
  kind: VectorTask['kind'],
  round: number,
  base: VersionInHand,
  parent?: VersionInHand,
): VectorTask {
  return {
    study: 's' as VectorTask['study'],
    protocol,
    round,
    kind,
    base,
    candidateParent: parent,
    selection: undefined,
  };
}

const first = (protocol: StudyProtocol): VersionInHand => ({
  version: 0,
  file: roundArithmetic.initialVersion(protocol),
  personal: undefined,
});

/** The version that this hospital alone would make of its vector. */
function next(protocol: StudyProtocol, { round, kind, base }: VectorTask, made: HospitalVector): VersionInHand {
  const [sum, vectors] = [made.vector, new Map()];
  const { file } = roundArithmetic.aggregate({ protocol, kind, round, base: base.file, sum, vectors });
  return { version: round, file: file as Uint8Array, personal: made.personal };
}

describe('vector of a statistics round', () => {
  test('holds sums over the train rows', async () => {
    const protocol = smallStudy({ validationShare: 0.2 });
    const model = await build(protocol);
    const { vector, personal } = await makeVector(model, task(protocol, 'statistics', 1, first(protocol)));
    const { statistics } = vectorLayout(protocol, 'statistics');
    const scale = statisticsScale(protocol);
    const values = model.trainRows.map((row) => model.rows.features[2 * row + 1] as number);
    const sum = values.reduce((total, value) => total + value, 0);
    const squares = values.reduce((total, value) => total + value * value, 0);
    expect(vector[(statistics?.sums?.start as number) + 1]).toBe(Math.floor(sum * scale + 0.5));
    expect(vector[(statistics?.squares?.start as number) + 1]).toBe(Math.floor(squares * scale + 0.5));
    expect(vector[statistics?.patients.start as number]).toBe(30);
    expect(vector[statistics?.positives?.start as number]).toBe(model.trainPositives());
    expect(personal).toBeUndefined();
  });

  test('more patients than patientsMax are refused', async () => {
    const protocol = smallStudy({ patientsMax: 20 });
    await expect(makeVector(await build(protocol), task(protocol, 'statistics', 1, first(protocol)))).rejects.toThrow(
      /^UPDATE_OVERFLOWS: .*30 training patients/,
    );
  });
});

describe('vector of a training round', () => {
  const protocol = smallStudy({
    standardisation: 'per-hospital',
    validationShare: 0.2,
    personalTensors: ['output/bias'],
  });

  test('makes a version that is nearly what was trained, and better on validation rows', async () => {
    const model = await build(protocol);
    const once = task(protocol, 'training', 1, first(protocol));
    const made = await makeVector(model, once);
    const version = next(protocol, once, made);
    const trained = await model.train(
      new Map([...readVersion(protocol, once.base.file).weights, ['output/bias', new Float32Array(1)]]),
      {},
      { training: protocol.training, base: new Map(), round: 1 },
    );
    const kernel = readVersion(protocol, version.file).weights.get('output/kernel') as Float32Array;
    for (const [i, value] of kernel.entries())
      expect(Math.abs(value - (trained.get('output/kernel')?.[i] as number))).toBeLessThan(1 / updateScale(protocol));
    expect(made.personal?.get('output/bias')).toEqual(trained.get('output/bias'));
    expect(made.trainingPatients).toBe(30);
    expect(made.clipped).toBe(false);

    const again = await makeVector(model, task(protocol, 'training', 2, version, once.base));
    const { validation } = vectorLayout(protocol, 'training');
    const [loss, parentLoss] = [validation?.base.loss, validation?.parentLoss].map(
      (slice) => again.vector[slice?.start as number],
    );
    expect(loss).toBeLessThan(parentLoss as number);
    expect(made.vector[validation?.base.loss.start as number]).toBe(parentLoss);
    expect(made.vector[validation?.parentLoss.start as number]).toBe(0);
  });

  test('is the same twice', async () => {
    const once = task(protocol, 'training', 3, first(protocol));
    const [a, b] = [await makeVector(await build(protocol), once), await makeVector(await build(protocol), once)];
    expect(Buffer.from(vectorBytes(a.vector)).equals(vectorBytes(b.vector))).toBe(true);
  });

  test('an update beyond the clip norm is scaled down and said to be', async () => {
    const tight = smallStudy({ standardisation: 'per-hospital', aggregation: { clipNorm: 0.001 } });
    const once = task(tight, 'training', 1, first(tight));
    const made = await makeVector(await build(tight), once);
    expect(made.clipped).toBe(true);
    const before = readVersion(tight, once.base.file).weights;
    const after = readVersion(tight, next(tight, once, made).file).weights;
    const moved = [...after].flatMap(([name, values]) =>
      [...values].map((value, i) => value - (before.get(name)?.[i] ?? 0)),
    );
    expect(Math.hypot(...moved)).toBeCloseTo(0.001, 6);
  });

  test('weights are patients up to weightMax, or 1', async () => {
    const weightOf = async (aggregation: object) => {
      const study = smallStudy({ standardisation: 'per-hospital', aggregation });
      const { vector } = await makeVector(await build(study), task(study, 'training', 1, first(study)));
      return vector[vectorLayout(study, 'training').update?.weight.start as number];
    };
    expect(await weightOf({})).toBe(30);
    expect(await weightOf({ weightMax: 20 })).toBe(20);
    expect(await weightOf({ weights: 'equal' })).toBe(1);
  });

  test('rows of one patient count as one', async () => {
    const rows = patternRows(60, 2);
    const model = await HospitalModel.build(engine, protocol, {
      ...rows,
      patientKeys: rows.patientKeys.map((_, row) => `p${row % 10}`),
    });
    expect((await makeVector(model, task(protocol, 'training', 1, first(protocol)))).trainingPatients).toBe(10);
  });

  test('a hospital without a train row counts for nothing, and says so', async () => {
    const made = await makeVector(await build(protocol, 10, ['test']), task(protocol, 'training', 1, first(protocol)));
    expect(made.vector.every((value) => value === 0)).toBe(true);
    expect(made.notices).toEqual([expect.stringContaining('no training row')]);
  });

  test('a hospital of one class and few rows trains, and says so', async () => {
    const rows = patternRows(3, 2);
    const model = await HospitalModel.build(engine, protocol, { ...rows, labels: new Float32Array([1, 1, 1]) });
    const made = await makeVector(model, task(protocol, 'training', 1, first(protocol)));
    expect(made.notices).toEqual([expect.stringContaining('fewer than a batch'), expect.stringContaining('one class')]);
    expect(made.vector.some((value) => value !== 0)).toBe(true);
  });
});

describe('vector of an evaluation round', () => {
  test('judges the released mean on test rows, with own exact figures', async () => {
    const protocol = smallStudy({ standardisation: 'per-hospital', validationShare: 0.2, averageFrom: 1 });
    const model = await build(protocol, 200);
    const once = task(protocol, 'training', 1, first(protocol));
    const one = next(protocol, once, await makeVector(model, once));
    const twice = task(protocol, 'training', 2, one);
    const two = next(protocol, twice, await makeVector(model, twice));
    const final = task(protocol, 'evaluation', 3, two, one);
    const made = await makeVector(model, final);
    const { test: slices } = vectorLayout(protocol, 'evaluation');
    const content = readVersion(protocol, two.file);
    const sums = content.average?.sums as ReadonlyMap<string, Float64Array>;
    const mean = new Map([...sums].map(([name, values]) => [name, Float32Array.from(values, (sum) => sum / 2)]));
    const loss = model.score(mean, {}, model.testRows).losses.reduce((sum, value) => sum + value, 0);
    const base = made.evaluation?.base;
    expect(base).toMatchObject({ kind: 'binary', patients: 50 });
    expect(made.vector[slices?.base.loss.start as number]).toBe(base?.loss);
    expect(Math.abs((base?.loss as number) - loss * 512)).toBeLessThan(1);
    expect(made.evaluation?.parent?.loss).toBe(made.vector[slices?.parent.loss.start as number]);
    expect(base?.loss).not.toBe(made.evaluation?.parent?.loss);
  });

  test('own figures that small cells suppress are not given away', async () => {
    const protocol = smallStudy({ standardisation: 'per-hospital', publicData: false });
    const made = await makeVector(await build(protocol, 16), task(protocol, 'evaluation', 2, first(protocol)));
    expect(made.evaluation).toBeUndefined();
    expect(made.vector.some((value) => value !== 0)).toBe(true);
  });

  test('predictions are of the test rows, by their lines', async () => {
    const protocol = smallStudy({ standardisation: 'per-hospital' });
    const model = await build(protocol, 8);
    const rows = predictTestRows(model, first(protocol));
    expect(rows.map(({ line }) => line)).toEqual([5, 9]);
    for (const { score, label } of rows) {
      expect([0, 1]).toContain(label);
      expect(score).toBeGreaterThan(0);
      expect(score).toBeLessThan(1);
    }
  });

  test('predictions of a number are in its own unit', async () => {
    const label = { kind: 'number', column: 'z', min: 100, max: 200 };
    const protocol = smallStudy({ standardisation: 'declared-ranges', label, model: { kind: 'linear-regression' } });
    const rows = { ...patternRows(2, 2, ['test']), labels: new Float32Array([-1, 0.5]) };
    const model = await HospitalModel.build(engine, protocol, rows);
    expect(predictTestRows(model, first(protocol)).map((row) => row.label)).toEqual([100, 175]);
  });
});

describe('a hospital alone', () => {
  test('trains by its own rows and configuration, and is measured on its own test rows', async () => {
    const protocol = smallStudy({ personalTensors: ['output/bias'] });
    expect(aloneProtocol(protocol).standardisation).toBe('per-hospital');
    const model = await build(aloneProtocol(protocol), 400);
    const training = { ...protocol.training, steps: 300, batchSize: 16 };
    const last = await trainAlone(model, training);
    expect(last).toMatchObject({ trainingRows: 200, trainingPositives: model.trainPositives() });
    expect(last.rows.length).toBe(100);
    expect(last.metrics).toMatchObject({ kind: 'binary', patients: 100 });
    expect(last.metrics.kind === 'binary' && last.metrics.truePositives + last.metrics.trueNegatives).toBeGreaterThan(
      85,
    );
    const averaged = await trainAlone(model, { ...training, averageFromStep: 100 });
    expect(averaged.metrics.loss).not.toBe(last.metrics.loss);
    expect((await trainAlone(model, training)).rows).toEqual(last.rows);
  });

  test('without a train row it has the first weights', async () => {
    const protocol = aloneProtocol(smallStudy());
    const result = await trainAlone(await build(protocol, 4, ['test']), protocol.training);
    expect(result).toMatchObject({ trainingRows: 0, trainingPositives: 0, metrics: { patients: 4 } });
  });
});

describe('vector of a training round in a private study', () => {
  /** No privacy to speak of, so that what is not noise can be seen. */
  const privacy = {
    samplingRate: 1,
    noiseMultiplier: 0.01,
    patientClipNorm: 0.01,
    delta: 1e-5,
    budgetMicroEpsilon: 1,
    spentMicroEpsilonAfterRound: [1],
    declaredPatients: { AMSP: 40, BMSP: 40 },
  };
  const privateStudy = (changes = {}) =>
    smallStudy({
      standardisation: 'declared-ranges',
      metrics: 'final',
      personalTensors: ['output/bias'],
      aggregation: { weightMax: 100 },
      training: { steps: 3, batchSize: 4, optimiser: { kind: 'sgd', learningRate: 1 } },
      privacy,
      ...changes,
    });
  const made = async (protocol: StudyProtocol, count: number, sets: RowSet[] = ['train']) => {
    const base = first(protocol);
    const asked = { ...task(protocol, 'training', 1, base), declaredPatients: 40 };
    const vector = await makeVector(await build(protocol, count, sets), asked);
    return { ...vector, weight: vector.vector.at(-1), update: [...vector.vector.slice(0, -1)] };
  };

  test('says nothing of the true number of patients: the weight is the declared one, of a hospital without any too', async () => {
    const [many, none] = [await made(privateStudy(), 57), await made(privateStudy(), 12, ['test'])];
    expect([many.weight, none.weight]).toEqual([40, 40]);
    // Whole numbers: now and then the noise of one is rounded to 0.
    expect(none.update.some((element) => element !== 0)).toBe(true);
    expect(many.vector).toHaveLength(none.vector.length);
    expect((await made(privateStudy({ aggregation: { weights: 'equal' } }), 57)).weight).toBe(1);
    expect(many.notices).toEqual(['57 training patients are here, 40 were declared: all divisors are by the latter']);
  });

  test('takes personal tensors into the noised gradient', async () => {
    const { personal } = await made(privateStudy(), 12, ['test']);
    expect(personal?.get('output/bias')?.[0]).not.toBe(0);
  });

  test('moves by at most the patients times the clip norm by the declared patients, and noise', async () => {
    const protocol = privateStudy();
    const { update } = await made(protocol, 20);
    const scale = updateScale(protocol) * 40;
    // 20 patients of 0.01 each, by 40, in each of three steps; six deviations of noise.
    expect(Math.hypot(...update.map((element) => element / scale))).toBeLessThan(3 * 0.005 + 6 * 3 * 2.5e-6);
  });

  test('moves by at most one clip norm a step for a patient with many rows', async () => {
    const protocol = privateStudy();
    const scale = updateScale(protocol) * 40;
    const { update: many } = await made(protocol, 60);
    const rows = patternRows(60, 2);
    const ofOne = await HospitalModel.build(engine, protocol, {
      ...rows,
      patientKeys: rows.patientKeys.map(() => 'p'),
    });
    const asked = { ...task(protocol, 'training', 1, first(protocol)), declaredPatients: 40 };
    const { vector, trainingPatients } = await makeVector(ofOne, asked);
    expect(trainingPatients).toBe(1);
    const length = (update: readonly number[]) => Math.hypot(...update.map((element) => element / scale));
    const noise = 6 * 3 * 2.5e-6;
    expect(length([...vector.slice(0, -1)])).toBeLessThan(3 * (0.01 / 40) + noise);
    // Sixty patients of one row each move further: the rows were there.
    expect(length(many)).toBeGreaterThan(10 * (0.01 / 40));
  });

  test('is never the same twice', async () => {
    const protocol = privateStudy({ privacy: { ...privacy, noiseMultiplier: 1, patientClipNorm: 1 } });
    expect((await made(protocol, 20)).update).not.toEqual((await made(protocol, 20)).update);
  });

  test('without a declared number is refused', async () => {
    const protocol = privateStudy();
    await expect(makeVector(await build(protocol), task(protocol, 'training', 1, first(protocol)))).rejects.toThrow(
      /^PROTOCOL_PRIVACY_UNSOUND/,
    );
  });
});
