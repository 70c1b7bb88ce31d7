import type { StudyProtocol } from '@consilium/domain';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Engine } from './engines/engine.js';
import { loadWasm } from './engines/wasm.js';
import { HospitalModel } from './hospitalModel.js';
import { patternRows, smallStudy } from './study.fixture.js';
import type { TrainingRows } from './trainingRows.js';

let engine: Engine;

beforeAll(async () => {
  engine = await loadWasm();
});

/** Both rows are x = 1, y = 0 with label 1, so that every batch has the gradient of x in closed form. */
const ROWS: TrainingRows = {
  featureCount: 2,
  features: new Float32Array([1, 0, 1, 0]),
  labels: new Float32Array([1, 1]),
  sets: ['train', 'train'],
  patientKeys: ['a', 'b'],
  lines: [1, 2],
};
const START = new Map([
  ['output/bias', new Float32Array([0.5])],
  ['output/kernel', new Float32Array([-0.25, 2])],
]);
const BASE = new Map([
  ['output/bias', new Float32Array([0])],
  ['output/kernel', new Float32Array([0, 0])],
]);

function study(training: Record<string, unknown>): StudyProtocol {
  const optimiser = { kind: 'sgd', learningRate: 0.5 };
  return smallStudy({
    standardisation: 'declared-ranges',
    training: { steps: 2, batchSize: 2, optimiser, ...training },
  });
}

async function trained(training: Record<string, unknown>): Promise<[bias: number, x: number, y: number]> {
  const protocol = study(training);
  const model = await HospitalModel.build(engine, protocol, ROWS);
  const values = await model.train(START, {}, { training: protocol.training, base: BASE, round: 1 });
  model.dispose();
  return [...(values.get('output/bias') ?? []), ...(values.get('output/kernel') ?? [])] as [number, number, number];
}

/** Two steps from START on doubles, given how an optimiser moves one weight. */
function expected(
  step: (weight: number, gradient: number, index: number, time: number) => number,
  penalty: (weight: number, index: number) => number = () => 0,
): number[] {
  let weights = [0.5, -0.25, 2];
  for (let time = 1; time <= 2; time++) {
    const logOdds = (weights[0] as number) + (weights[1] as number);
    const error = 1 / (1 + Math.exp(-logOdds)) - 1;
    const gradients = [error, error, 0];
    weights = weights.map((weight, i) => step(weight, (gradients[i] as number) + penalty(weight, i), i, time));
  }
  return weights;
}

function expectNear(found: readonly number[], wanted: readonly number[]): void {
  for (const [i, value] of wanted.entries()) expect(found[i]).toBeCloseTo(value, 5);
}

const sgd = (weight: number, gradient: number) => weight - 0.5 * gradient;

describe('local optimisers, by hand', () => {
  test('SGD', async () => {
    expectNear(await trained({}), expected(sgd));
  });

  test('momentum', async () => {
    const velocity = [0, 0, 0];
    const wanted = expected((weight, gradient, i) => {
      velocity[i] = 0.8 * (velocity[i] as number) + gradient;
      return weight - 0.5 * (velocity[i] as number);
    });
    expectNear(await trained({ optimiser: { kind: 'momentum', learningRate: 0.5, momentum: 0.8 } }), wanted);
  });

  test('Adam, with bias correction', async () => {
    const [first, second] = [
      [0, 0, 0],
      [0, 0, 0],
    ];
    const wanted = expected((weight, gradient, i, time) => {
      first[i] = 0.9 * (first[i] as number) + 0.1 * gradient;
      second[i] = 0.99 * (second[i] as number) + 0.01 * gradient ** 2;
      const corrected = (first[i] as number) / (1 - 0.9 ** time);
      return weight - (0.1 * corrected) / (Math.sqrt((second[i] as number) / (1 - 0.99 ** time)) + 1e-8);
    });
    const optimiser = { kind: 'adam', learningRate: 0.1, beta1: 0.9, beta2: 0.99 };
    expectNear(await trained({ optimiser }), wanted);
  });

  test('L2 pulls kernels to 0, not biases', async () => {
    expectNear(
      await trained({ l2: 0.2 }),
      expected(sgd, (weight, i) => (i === 0 ? 0 : 0.2 * weight)),
    );
  });

  test('FedProx pulls shared tensors to the base', async () => {
    expectNear(
      await trained({ proximal: 0.3 }),
      expected(sgd, (weight) => 0.3 * weight),
    );
  });
});

describe('training', () => {
  const rows = patternRows(60, 2);

  async function weights(round: number): Promise<string> {
    const protocol = study({ steps: 30, batchSize: 4 });
    const model = await HospitalModel.build(engine, protocol, rows);
    const values = await model.train(START, {}, { training: protocol.training, base: BASE, round });
    model.dispose();
    return [...values].map(([name, tensor]) => `${name} ${Buffer.from(tensor.buffer).toString('hex')}`).join();
  }

  test('one seed and round give the same bits, another round others', async () => {
    const first = await weights(1);
    expect(await weights(1)).toBe(first);
    expect(await weights(2)).not.toBe(first);
  });

  test('learns, and leaves no tensor behind', async () => {
    const protocol = study({ steps: 200, batchSize: 8 });
    const model = await HospitalModel.build(engine, protocol, rows);
    const before = engine.tf.memory().numTensors;
    const values = await model.train(START, {}, { training: protocol.training, base: BASE, round: 1 });
    const loss = (of: typeof values) => model.score(of, {}, model.trainRows).losses.reduce((sum, l) => sum + l, 0) / 60;
    expect(loss(values)).toBeLessThan(0.4);
    expect(loss(START)).toBeGreaterThan(0.6);
    expect(engine.tf.memory().numTensors).toBe(before);
    model.dispose();
  });

  test('that runs away is refused by name', async () => {
    const protocol = study({ steps: 5, l2: 100 });
    const model = await HospitalModel.build(engine, protocol, ROWS);
    const training = { ...protocol.training, optimiser: { kind: 'sgd', learningRate: 1e20 } as const };
    await expect(model.train(START, {}, { training, base: BASE, round: 7 })).rejects.toThrow(
      /^TRAINING_NOT_FINITE: .*round 7/,
    );
    model.dispose();
  });
});
