import { type StudyProtocol, studyTensors } from '@consilium/domain';
import { beforeAll, describe, expect, jest, test } from '@jest/globals';
import { SystemNoise } from '../privacy/systemNoise.js';
import type { Engine } from './engines/engine.js';
import { loadWasm } from './engines/wasm.js';
import { loadValues } from './models/network.js';
import { networkOf } from './models/networkOf.js';
import { type PrivateTrainingJob, trainPrivately } from './privateTraining.js';
import { imageStudy, patternRows, plainGenerator, smallStudy } from './study.fixture.js';

let engine: Engine;

beforeAll(async () => {
  engine = await loadWasm();
});

const oneStep = { steps: 1, batchSize: 1, optimiser: { kind: 'sgd', learningRate: 1 } };
/** Of some 20,000 numbers in single precision two are equal by chance in one run of a thousand, five in none. */
const EQUAL_BY_CHANCE = 4;
/** Noise that is there and too little to be seen. */
const QUIET = { samplingRate: 1, noiseMultiplier: 0.01, patientClipNorm: 1e-4 };

function startOf(protocol: StudyProtocol): Map<string, Float32Array> {
  const unit = plainGenerator(11);
  return new Map(
    studyTensors(protocol).map(({ name, elements }) => [
      name,
      Float32Array.from({ length: elements }, () => unit() - 0.4),
    ]),
  );
}

/** By how much training moves each weight, from `startOf`. */
async function movesOf(
  protocol: StudyProtocol,
  given: Partial<PrivateTrainingJob> & Pick<PrivateTrainingJob, 'privacy' | 'patients'>,
): Promise<Map<string, Float64Array>> {
  const network = await networkOf(engine.tf, protocol);
  const start = startOf(protocol);
  loadValues(engine.tf, network, start);
  const { featureCount, features, labels } = patternRows(40, 2);
  const trained = await trainPrivately({
    tf: engine.tf,
    network,
    training: protocol.training,
    label: protocol.label,
    features,
    featureCount,
    labels,
    base: start,
    round: 1,
    declaredPatients: 10,
    noise: new SystemNoise(),
    ...given,
  });
  network.dispose();
  return new Map(
    [...trained].map(([name, values]) => [
      name,
      Float64Array.from(values, (value, i) => value - (start.get(name)?.[i] as number)),
    ]),
  );
}

const rowEach = (count: number) => Array.from({ length: count }, (_, row) => [row]);
const flat = (moves: ReadonlyMap<string, Float64Array>) => [...moves.values()].flatMap((values) => [...values]);
const norm = (values: readonly number[]) => Math.hypot(...values);

describe('private training', () => {
  const wide = smallStudy({ model: { kind: 'multilayer-perceptron', hidden: [200, 100] }, training: oneStep });

  test('of no patient is noise of sigma times the clip norm by q times the declared patients, on every tensor', async () => {
    const privacy = { samplingRate: 0.5, noiseMultiplier: 3, patientClipNorm: 2 };
    const moves = await movesOf(wide, { privacy, patients: [], declaredPatients: 40 });
    const values = flat(moves);
    const deviation = (3 * 2) / (0.5 * 40);
    const measured = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
    // Six deviations of the estimate.
    expect(Math.abs(measured / deviation - 1)).toBeLessThan(6 / Math.sqrt(2 * values.length));
    for (const tensor of moves.values()) {
      const unmoved = tensor.filter((value) => value === 0).length;
      expect(unmoved).toBeLessThanOrEqual(Math.min(EQUAL_BY_CHANCE, tensor.length - 1));
    }
  });

  test('is never the same twice, though the study has a seed and Math.random is known', async () => {
    const random = jest.spyOn(Math, 'random').mockReturnValue(0.25);
    try {
      const privacy = { samplingRate: 0.5, noiseMultiplier: 1, patientClipNorm: 1 };
      const [one, other] = [
        await movesOf(wide, { privacy, patients: rowEach(20) }),
        await movesOf(wide, { privacy, patients: rowEach(20) }),
      ];
      const [first, second] = [flat(one), flat(other)];
      expect(first.filter((value, i) => value === second[i]).length).toBeLessThanOrEqual(EQUAL_BY_CHANCE);
      expect(random).not.toHaveBeenCalled();
    } finally {
      random.mockRestore();
    }
  });

  test('divides by the declared patients, never by those who are there', async () => {
    const protocol = smallStudy({ training: oneStep });
    const moved = async (patients: number, declaredPatients: number) =>
      norm(flat(await movesOf(protocol, { privacy: QUIET, patients: rowEach(patients), declaredPatients })));
    // All gradients are far longer than the clip norm, so each counts about 1e-4 in about its own direction.
    const [ten, tenOfFifty] = [await moved(10, 10), await moved(10, 50)];
    expect(ten / tenOfFifty).toBeGreaterThan(4.5);
    expect(ten / tenOfFifty).toBeLessThan(5.5);
  });

  test.each([
    ['of one row each', rowEach(2_500)],
    [
      'of several rows, whole ones only',
      Array.from({ length: 500 }, (_, k) => [0, 1, 2, 3, 4].map((row) => 5 * k + row)),
    ],
  ])('takes more patients than fit at once: %s', async (_, patients) => {
    // Every row is the same, so the bias moves by the number of patients.
    const protocol = smallStudy({ training: oneStep });
    const same = { features: new Float32Array(5_000), labels: new Float32Array(2_500).fill(1) };
    const moves = await movesOf(protocol, { ...same, privacy: QUIET, patients, declaredPatients: 1_000 });
    expect((moves.get('output/bias')?.[0] as number) / 1e-4).toBeCloseTo(patients.length / 1_000, 3);
  });

  test('takes images in parts that fit, and their sum is the same', async () => {
    // 28 x 28 x 32 filters after 32: a row's patches alone are 56,448 numbers.
    const model = { kind: 'convolutional', input: [28, 28, 1], filters: [32, 32], kernelSize: 3, dense: 4 };
    const image = imageStudy([28, 28, 1], { training: oneStep, model });
    const given = { ...patternRows(130, 784), privacy: { ...QUIET, patientClipNorm: 0.01 } };
    const all = await movesOf(image, { ...given, patients: rowEach(130) });
    const halves = [
      await movesOf(image, { ...given, patients: rowEach(65) }),
      await movesOf(image, { ...given, patients: rowEach(130).slice(65) }),
    ];
    for (const [name, values] of all)
      for (const [i, value] of values.entries()) {
        const sum = (halves[0]?.get(name)?.[i] as number) + (halves[1]?.get(name)?.[i] as number);
        // Three noises of deviation 1e-5, and single precision.
        expect(Math.abs(value - sum)).toBeLessThan(2e-4);
      }
  });

  test('takes each patient with probability q, by a draw of its own', async () => {
    // Every row is the same, so the bias moves by the number of patients in the step.
    const protocol = smallStudy({ training: oneStep });
    const same = { features: new Float32Array(2_000), labels: new Float32Array(1_000).fill(1) };
    const privacy = { samplingRate: 0.3, noiseMultiplier: 0.01, patientClipNorm: 0.01 };
    const counts: number[] = [];
    for (let run = 0; run < 60; run++) {
      const moves = await movesOf(protocol, { ...same, privacy, patients: rowEach(1_000), declaredPatients: 1_000 });
      counts.push(((moves.get('output/bias')?.[0] as number) * 0.3 * 1_000) / 0.01);
    }
    const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
    const variance = counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / (counts.length - 1);
    // Binomial: 300 in the mean, of variance 210. A batch of fixed size would vary by nothing.
    expect(Math.abs(mean - 300)).toBeLessThan((6 * Math.sqrt(210)) / Math.sqrt(60));
    expect(variance).toBeGreaterThan(70);
    expect(variance).toBeLessThan(480);
  });

  test('every patient is in every step where q is 1', async () => {
    const protocol = smallStudy({ training: oneStep });
    const same = { features: new Float32Array(200), labels: new Float32Array(100).fill(1) };
    const moves = await movesOf(protocol, { ...same, privacy: QUIET, patients: rowEach(100), declaredPatients: 100 });
    expect((moves.get('output/bias')?.[0] as number) / 1e-4).toBeCloseTo(1, 2);
  });

  test('the penalty on weights is not noised away nor clipped', async () => {
    const protocol = smallStudy({ training: { ...oneStep, l2: 0.5 } });
    const moves = await movesOf(protocol, { privacy: QUIET, patients: [] });
    const start = startOf(protocol).get('output/kernel') as Float32Array;
    for (const [i, move] of (moves.get('output/kernel') ?? []).entries())
      expect(move).toBeCloseTo(-0.5 * (start[i] as number), 4);
  });
});
