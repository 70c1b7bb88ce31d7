import type { LocalTraining } from '@consilium/domain';
import { describe, expect, test } from '@jest/globals';
import { readHeartStudy } from '../heartStudies.js';
import { learnAlone, learnTogether, settingOf } from './arms.js';
import { allSteps, best } from './choice.js';
import { foldsOf, meanLoss, togetherLoss } from './crossValidation.js';
import { figuresOf } from './figures.js';
import { Draws } from './keystream.js';
import { initialWeights, lossOf, scoresOf, train } from './logisticTraining.js';
import { type Federation, type Patient, sharedOut } from './patients.js';
import { standardisationOf, standardised } from './standardised.js';

const SGD: LocalTraining = {
  steps: 1,
  batchSize: 1_000,
  optimiser: { kind: 'sgd', learningRate: 0.5 },
  l2: 0.2,
  proximal: 0,
};

/** Two informative features and one constant; hospitals differ in how ill their patients are. */
function hospital(rows: number, shift: number, seed: string): Patient[] {
  const draws = new Draws('patients', seed);
  const unit = () => draws.next24Bits() / 2 ** 24;
  return Array.from({ length: rows }, (_, k) => {
    const [a, b] = [2 * unit() - 1, 2 * unit() - 1];
    const label = 3 * a - 2 * b + shift + unit() - 0.5 > 0 ? 1 : 0;
    return { line: k + 1, features: Float64Array.of(a, b, 0.25), label };
  });
}
const FEDERATION: Federation = [hospital(60, 0, 'a'), hospital(40, 1, 'b'), hospital(20, -1, 'c')];

describe('logistic regression in plain arithmetic', () => {
  test('a full step follows the gradient of loss and penalty, found by differences', () => {
    const patients = FEDERATION[0] as Patient[];
    const rows = standardised(patients, standardisationOf([patients]));
    const start = Float64Array.of(0.3, -0.2, 0.4, 0.1);
    const objective = (weights: Float64Array) =>
      lossOf(scoresOf(weights, rows), rows.labels) / rows.rows +
      (SGD.l2 / 2) * weights.slice(0, 3).reduce((sum, weight) => sum + weight * weight, 0);
    const moved = start.slice();
    train(moved, rows, SGD, new Draws('none'));
    for (const k of start.keys()) {
      const at = (by: number) => objective(start.with(k, (start[k] as number) + by));
      const gradient = (at(1e-5) - at(-1e-5)) / 2e-5;
      expect(moved[k]).toBeCloseTo((start[k] as number) - 0.5 * gradient, 8);
    }
  });

  test('momentum and Adam take the steps of their papers', () => {
    const rows = standardised(FEDERATION[1] as Patient[], standardisationOf(FEDERATION));
    const stepped = (optimiser: LocalTraining['optimiser'], steps: number) => {
      const weights = new Float64Array(4);
      train(weights, rows, { ...SGD, optimiser, steps }, new Draws('none'));
      return weights;
    };
    const adam = stepped({ kind: 'adam', learningRate: 0.1, beta1: 0.9, beta2: 0.999 }, 1);
    // Adam's first step is the learning rate in the direction of each gradient; a constant feature has none.
    for (const k of [0, 1, 3]) expect(Math.abs(adam[k] as number)).toBeCloseTo(0.1, 5);
    const first = stepped({ kind: 'sgd', learningRate: 0.1 }, 1);
    const second = stepped({ kind: 'sgd', learningRate: 0.1 }, 2);
    const heavy = stepped({ kind: 'momentum', learningRate: 0.1, momentum: 0.9 }, 2);
    // v2 = .9 g1 + g2, so the second point lies .9 of the first step further on.
    for (const k of [0, 1, 3]) expect(heavy[k]).toBeCloseTo((second[k] as number) + 0.9 * (first[k] as number), 10);
  });

  test('batches pass over all rows before any comes again', () => {
    const patients = Array.from(
      { length: 6 },
      (_, k): Patient => ({
        line: k + 1,
        features: Float64Array.from({ length: 6 }, (_, j) => (j === k ? 1 : 0)),
        label: 1,
      }),
    );
    const rows = standardised(patients, { means: new Float64Array(6), deviations: new Float64Array(6).fill(1) });
    const weights = new Float64Array(7);
    train(weights, rows, { ...SGD, l2: 0, batchSize: 2, steps: 3 }, new Draws('order'));
    for (const weight of weights.subarray(0, 6)) expect(weight).toBeGreaterThan(0);
  });

  test('first weights are within their range, and the seed’s alone', () => {
    const weights = initialWeights(13, 42);
    expect(weights).toEqual(initialWeights(13, 42));
    expect(weights).not.toEqual(initialWeights(13, 43));
    expect(weights[13]).toBe(0);
    expect(Math.max(...weights.map(Math.abs))).toBeLessThanOrEqual(Math.sqrt(6 / 14));
  });
});

describe('the arms', () => {
  const setting = { rounds: 3, standardisation: 'federated' as const, ownIntercept: true };
  const training = { ...SGD, steps: 40, l2: 0.01 };

  test('together with an own intercept, hospitals share the kernel and nothing else', () => {
    const learned = learnTogether(FEDERATION, setting, training, 1);
    const kernels = learned.map(({ weights }) => [...weights.subarray(0, 3)]);
    expect(kernels[1]).toEqual(kernels[0]);
    const intercepts = learned.map(({ weights }) => weights[3] as number);
    expect(intercepts[1]).toBeGreaterThan(intercepts[0] as number);
    expect(intercepts[0]).toBeGreaterThan(intercepts[2] as number);
    expect(figuresOf(learned, FEDERATION).allRows).toBeGreaterThan(0.9);
  });

  test('one hospital together is that hospital alone, where a step keeps no memory', () => {
    const patients = FEDERATION[0] as Patient[];
    const [together] = learnTogether([patients], setting, training, 5);
    const alone = learnAlone(patients, allSteps(training, setting.rounds), 5);
    for (const k of [0, 1, 2, 3]) expect(alone.weights[k]).toBeCloseTo(together?.weights[k] as number, 10);
  });

  test('a protocol that is not computed here is refused', async () => {
    const study = await readHeartStudy('study');
    expect(settingOf(study)).toEqual({ rounds: 15, standardisation: 'federated', ownIntercept: true });
    expect(() => settingOf({ ...study, standardisation: 'declared-ranges' })).toThrow(RangeError);
  });
});

describe('cross-validation', () => {
  test('holds out each drawn row once a seed, and trains on none that it holds out', () => {
    const folds = foldsOf(FEDERATION, 0.5, [1, 2]);
    expect(folds).toHaveLength(10);
    for (const seed of [1, 2]) {
      const own = folds.filter((fold) => fold.seed === seed);
      for (const [h, patients] of sharedOut(FEDERATION, seed, 0.5).entries()) {
        const heldOut = own.flatMap((fold) => fold.heldOut[h]?.map(({ line }) => line) ?? []);
        expect(heldOut.sort((a, b) => a - b)).toEqual(patients.map(({ line }) => line));
        for (const fold of own) {
          const training = new Set(fold.training[h]?.map(({ line }) => line));
          expect(fold.heldOut[h]?.some(({ line }) => training.has(line))).toBe(false);
        }
      }
    }
  });

  test('prefers what predicts held-out rows', () => {
    const folds = foldsOf(FEDERATION, 1, [1]);
    const tried = [0.00001, 0.5, 0.1].map((learningRate) => {
      const training: LocalTraining = { ...SGD, l2: 0.01, steps: 20, optimiser: { kind: 'sgd', learningRate } };
      const setting = { rounds: 3, standardisation: 'federated' as const, ownIntercept: true };
      return { training, losses: togetherLoss(folds, setting, training) };
    });
    expect(best(tried).training).toBe(tried[1]?.training);
    expect(meanLoss(tried[1]?.losses ?? [])).toBeLessThan(0.3);
  });
});

test('a smaller share of the rows is part of a larger one', () => {
  const lines = (share: number) => sharedOut(FEDERATION, 9, share).map((patients) => patients.map(({ line }) => line));
  expect(lines(0.1).map((own) => own.length)).toEqual([6, 4, 2]);
  for (const [h, own] of lines(0.1).entries()) for (const line of own) expect(lines(0.25)[h]).toContain(line);
});
