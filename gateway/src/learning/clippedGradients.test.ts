import type { StudyProtocol } from '@consilium/domain';
import { studyTensors } from '@consilium/domain';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Tensor, Variable } from '@tensorflow/tfjs';
import { clippedSum, type PatientBatch } from './clippedGradients.js';
import type { Engine } from './engines/engine.js';
import { loadWasm } from './engines/wasm.js';
import { lossGradientOf } from './lossGradient.js';
import { loadValues } from './models/network.js';
import { networkOf } from './models/networkOf.js';
import type { TracedNetwork } from './models/tracedNetwork.js';
import { imageStudy, patternRows, plainGenerator, smallStudy } from './study.fixture.js';

let engine: Engine;

beforeAll(async () => {
  engine = await loadWasm();
});

const number = { kind: 'number', column: 'z', min: -1, max: 1 };
const perceptron = (activation: string) =>
  smallStudy({ model: { kind: 'multilayer-perceptron', hidden: [5, 3], activation } });

const STUDIES: readonly (readonly [string, StudyProtocol, number])[] = [
  ['logistic regression', smallStudy(), 2],
  ['linear regression', smallStudy({ label: number, model: { kind: 'linear-regression' } }), 2],
  ['perceptron with relu', perceptron('relu'), 2],
  ['perceptron with tanh', perceptron('tanh'), 2],
  ['perceptron with sigmoid', perceptron('sigmoid'), 2],
  ['convolutional net, 3x3', imageStudy([7, 6, 2]), 84],
  [
    'convolutional net, 5x5',
    imageStudy([6, 8, 1], {
      model: { kind: 'convolutional', input: [6, 8, 1], filters: [3], kernelSize: 5, dense: 4 },
    }),
    48,
  ],
];
/** Rows of each patient: one, or several together. */
const SINGLE = Array.from({ length: 9 }, () => 1);
const SEVERAL = [1, 3, 2, 1, 5];

type Rows = Readonly<{ features: Float32Array; labels: Float32Array; featureCount: number }>;

async function networkWithValues(protocol: StudyProtocol): Promise<TracedNetwork> {
  const network = (await networkOf(engine.tf, protocol)) as TracedNetwork;
  const unit = plainGenerator(11);
  const values = studyTensors(protocol).map(
    ({ name, elements }) => [name, Float32Array.from({ length: elements }, () => unit() - 0.4)] as const,
  );
  loadValues(engine.tf, network, new Map(values));
  return network;
}

function batchOf({ features, labels, featureCount }: Rows, counts: readonly number[]): PatientBatch {
  const { tf } = engine;
  const rows = counts.reduce((sum, count) => sum + count, 0);
  const owners = counts.flatMap((count, patient) => Array<number>(count).fill(patient));
  const membership = counts.map((_, patient) => owners.map((owner) => Number(owner === patient)));
  return {
    x: tf.tensor2d(features.subarray(0, rows * featureCount), [rows, featureCount]),
    y: tf.tensor1d(labels.subarray(0, rows)),
    shares: tf.tensor1d(owners.map((owner) => 1 / (counts[owner] as number))),
    membership: counts.every((count) => count === 1) ? undefined : tf.tensor2d(membership),
  };
}

/** The plain way: autodiff of one patient after another, each gradient written down, scaled and added, on doubles. */
function onePatientAtATime(
  protocol: StudyProtocol,
  network: TracedNetwork,
  { features, labels, featureCount }: Rows,
  counts: readonly number[],
  clipNorm: number,
): Map<string, number[]> {
  const { tf } = engine;
  const sums = new Map<string, number[]>();
  const variables = network.trainable.map((name) => network.variables.get(name) as Variable);
  let row = 0;
  for (const count of counts) {
    const x = tf.tensor2d(features.subarray(row * featureCount, (row + count) * featureCount), [count, featureCount]);
    const y = tf.tensor1d(labels.subarray(row, row + count));
    row += count;
    const loss = lossGradientOf(tf, protocol.label);
    const { grads } = tf.variableGrads(() => loss(network.outputs(x, true), y), variables);
    const found = network.trainable.map(
      (name, k) => [name, grads[(variables[k] as Variable).name]?.dataSync()] as const,
    );
    const norm = Math.hypot(...found.flatMap(([, gradient]) => [...(gradient ?? [])]));
    const factor = Math.min(1, clipNorm / norm);
    for (const [name, gradient] of found) {
      const sum = sums.get(name) ?? Array<number>(gradient?.length ?? 0).fill(0);
      sums.set(
        name,
        sum.map((value, i) => value + factor * (gradient?.[i] as number)),
      );
    }
  }
  return sums;
}

function vectorised(protocol: StudyProtocol, network: TracedNetwork, batch: PatientBatch, clipNorm: number) {
  const sums = engine.tf.tidy(() => clippedSum(engine.tf, network, protocol.label, batch, clipNorm));
  return new Map(Object.entries(sums).map(([name, sum]) => [name, [...(sum as Tensor).dataSync()]]));
}

describe('the clipped sum over patients equals autodiff of one patient at a time', () => {
  describe.each(STUDIES)('%s', (_, protocol, featureCount) => {
    test.each([
      ['one row each', SINGLE],
      ['several rows', SEVERAL],
    ])('%s, all clipped, some, and none', async (_rows, counts) => {
      const network = await networkWithValues(protocol);
      const rows = patternRows(20, featureCount);
      for (const clipNorm of [0.05, 0.5, 100]) {
        // Single precision, and what clipping stays below the clip norm by.
        const tolerance = 2e-5 + 7e-5 * Math.min(clipNorm, 1) * counts.length;
        const expected = onePatientAtATime(protocol, network, rows, counts, clipNorm);
        const found = vectorised(protocol, network, batchOf(rows, counts), clipNorm);
        expect([...found.keys()].sort()).toEqual([...network.trainable].sort());
        for (const [name, values] of expected)
          for (const [i, value] of values.entries())
            expect(Math.abs((found.get(name)?.[i] as number) - value)).toBeLessThan(tolerance);
      }
      network.dispose();
    });
  });
});

describe('one patient more', () => {
  const far = (rows: Rows, by: number): Rows => ({ ...rows, features: rows.features.map((value) => value * by) });
  const without = ({ features, labels, featureCount }: Rows, start: number, count: number): Rows => ({
    featureCount,
    features: Float32Array.from([
      ...features.subarray(0, start * featureCount),
      ...features.subarray((start + count) * featureCount),
    ]),
    labels: Float32Array.from([...labels.subarray(0, start), ...labels.subarray(start + count)]),
  });
  const norm = (sums: ReadonlyMap<string, readonly number[]>) => Math.hypot(...[...sums.values()].flat());

  test.each(STUDIES)(
    '%s: a patient alone weighs at most the clip norm, however far out and with however many rows',
    async (_, protocol, featureCount) => {
      const network = await networkWithValues(protocol);
      const rows = patternRows(20, featureCount);
      for (const by of [1, 30, 1e4])
        for (const count of [1, 2, 20]) {
          const weight = norm(vectorised(protocol, network, batchOf(far(rows, by), [count]), 0.5));
          expect(weight).toBeLessThanOrEqual(0.5);
        }
      network.dispose();
    },
  );

  test.each(STUDIES)(
    '%s: whoever is added or removed, the sum moves by at most the clip norm',
    async (_, protocol, featureCount) => {
      const network = await networkWithValues(protocol);
      // The fourth patient has forty rows, of what a hospital's other patients have one to three.
      const counts = [1, 3, 2, 40, 1];
      const rows = far(patternRows(47, featureCount), 3);
      for (const clipNorm of [0.05, 0.5, 5]) {
        const whole = vectorised(protocol, network, batchOf(rows, counts), clipNorm);
        let start = 0;
        for (const [patient, count] of counts.entries()) {
          const others = counts.filter((_count, k) => k !== patient);
          const sum = vectorised(protocol, network, batchOf(without(rows, start, count), others), clipNorm);
          start += count;
          const moved = [...whole].flatMap(([name, values]) =>
            values.map((value, i) => value - (sum.get(name)?.[i] as number)),
          );
          expect(Math.hypot(...moved)).toBeLessThanOrEqual(clipNorm);
          expect(Math.hypot(...moved)).toBeGreaterThan(0);
        }
      }
      network.dispose();
    },
  );

  test('copies of a row under one patient are the patient once', async () => {
    const protocol = perceptron('tanh');
    const network = await networkWithValues(protocol);
    const { features, labels, featureCount } = patternRows(1, 2);
    const copies = {
      featureCount,
      features: Float32Array.from([...features, ...features, ...features]),
      labels: Float32Array.from([...labels, ...labels, ...labels]),
    };
    const one = vectorised(protocol, network, batchOf(copies, [1]), 100);
    const three = vectorised(protocol, network, batchOf(copies, [3]), 100);
    for (const [name, values] of one)
      for (const [i, value] of values.entries()) expect(three.get(name)?.[i]).toBeCloseTo(value, 6);
    network.dispose();
  });

  test('leaves no tensor behind', async () => {
    const protocol = imageStudy([7, 6, 2]);
    const network = await networkWithValues(protocol);
    const batch = batchOf(patternRows(20, 84), SEVERAL);
    vectorised(protocol, network, batch, 1);
    const before = engine.tf.memory().numTensors;
    engine.tf.tidy(() => void clippedSum(engine.tf, network, protocol.label, batch, 1));
    expect(engine.tf.memory().numTensors).toBe(before);
    network.dispose();
  });
});
