import { type StudyProtocol, studyTensors } from '@consilium/domain';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Engine } from '../engines/engine.js';
import { loadWasm } from '../engines/wasm.js';
import { HospitalModel } from '../hospitalModel.js';
import { imageStudy, patternRows, plainGenerator, smallStudy } from '../study.fixture.js';
import type { TrainingRows } from '../trainingRows.js';
import type { TensorValues } from './network.js';

let engine: Engine;

beforeAll(async () => {
  engine = await loadWasm();
});

const number = { kind: 'number', column: 'z', min: -1, max: 1 };
/** One step of gradient descent over all rows with learning rate 1: the update is the negative gradient. */
const oneStep = { steps: 1, batchSize: 1_000, optimiser: { kind: 'sgd', learningRate: 1 } };

function layersStudy(activation: string, changes = {}): StudyProtocol {
  const dense = (name: string, units: number, more = {}) => ({ class_name: 'Dense', config: { name, units, ...more } });
  return smallStudy({
    standardisation: 'declared-ranges',
    model: {
      kind: 'layers-model',
      topology: {
        class_name: 'Sequential',
        config: {
          name: 'net',
          layers: [
            dense('first', 4, { activation: 'tanh', batch_input_shape: [null, 2] }),
            dense('last', 1, { activation }),
          ],
        },
      },
      tensors: [
        { name: 'first/kernel', shape: [2, 4], fan: { in: 2, out: 4 } },
        { name: 'first/bias', shape: [4] },
        { name: 'last/kernel', shape: [4, 1], fan: { in: 4, out: 1 } },
        { name: 'last/bias', shape: [1] },
      ],
    },
    ...changes,
  });
}

/** Values that no gradient vanishes at: every tensor is small and not zero. */
function someValues(protocol: StudyProtocol): Map<string, Float32Array> {
  const unit = plainGenerator(11);
  return new Map(
    studyTensors(protocol).map(({ name, elements }) => [
      name,
      Float32Array.from({ length: elements }, () => unit() - 0.4),
    ]),
  );
}

function meanLoss(model: HospitalModel, values: TensorValues): number {
  const { losses } = model.score(values, {}, model.trainRows);
  return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
}

async function expectGradientsRight(protocol: StudyProtocol, rows: TrainingRows): Promise<void> {
  const model = await HospitalModel.build(engine, protocol, rows);
  const start = someValues(protocol);
  const trained = await model.train(start, {}, { training: protocol.training, base: start, round: 1 });
  const unit = plainGenerator(5);
  for (const [name, values] of start) {
    // A few elements of each tensor, by central differences.
    for (let probe = 0; probe < 3; probe++) {
      const i = Math.floor(unit() * values.length);
      const h = 0.002;
      const shifted = (by: number) => {
        const moved = new Map(start).set(
          name,
          Float32Array.from(values, (value, k) => (k === i ? value + by : value)),
        );
        return meanLoss(model, moved);
      };
      const numeric = (shifted(h) - shifted(-h)) / (2 * h);
      const analytic = (values[i] as number) - (trained.get(name)?.[i] as number);
      expect(Math.abs(analytic - numeric)).toBeLessThan(1e-3 + 0.01 * Math.abs(numeric));
    }
  }
  const moved = [...start].some(([name, values]) =>
    values.some((value, i) => Math.abs(value - (trained.get(name)?.[i] ?? 0)) > 0.01),
  );
  expect(moved).toBe(true);
  model.dispose();
}

describe('gradients on wasm equal numeric ones', () => {
  test.each([
    ['logistic regression', smallStudy({ standardisation: 'declared-ranges', training: oneStep })],
    [
      'linear regression',
      smallStudy({
        standardisation: 'declared-ranges',
        label: number,
        model: { kind: 'linear-regression' },
        training: oneStep,
      }),
    ],
    ...(['relu', 'tanh', 'sigmoid'] as const).map(
      (activation) =>
        [
          `multilayer perceptron with ${activation}`,
          smallStudy({
            standardisation: 'declared-ranges',
            model: { kind: 'multilayer-perceptron', hidden: [5, 3], activation },
            training: oneStep,
          }),
        ] as const,
    ),
    [
      'multilayer perceptron of a number',
      smallStudy({
        standardisation: 'declared-ranges',
        label: number,
        model: { kind: 'multilayer-perceptron', hidden: [3], activation: 'tanh' },
        training: oneStep,
      }),
    ],
    ['layers model ending in a sigmoid', layersStudy('sigmoid', { training: oneStep })],
    ['layers model ending in log-odds', layersStudy('linear', { training: oneStep })],
  ])('%s', async (_, protocol) => {
    await expectGradientsRight(protocol as StudyProtocol, patternRows(20, 2));
  });

  test('convolutional net', async () => {
    await expectGradientsRight(imageStudy([7, 6, 2], { training: oneStep }), patternRows(6, 84));
  });
});

describe('layers models', () => {
  test('a sigmoid output and log-odds score alike', async () => {
    const rows = patternRows(20, 2);
    const scores = await Promise.all(
      ['sigmoid', 'linear'].map(async (activation) => {
        const protocol = layersStudy(activation);
        const model = await HospitalModel.build(engine, protocol, rows);
        return model.score(someValues(protocol), {}, model.trainRows).scores;
      }),
    );
    expect(scores[0]).toEqual(scores[1]);
  });

  test.each([
    ['another activation', layersStudy('relu'), /PROTOCOL_MODEL_INVALID.*relu/],
    ['another shape', layersStudy('linear', {}), /PROTOCOL_MODEL_INVALID.*declares/],
  ])('%s is refused', async (what, protocol, message) => {
    const changed =
      what === 'another shape' && protocol.model.kind === 'layers-model'
        ? { ...protocol, model: { ...protocol.model, tensors: protocol.model.tensors.slice(1) } }
        : protocol;
    await expect(HospitalModel.build(engine, changed, patternRows(4, 2))).rejects.toThrow(message);
  });

  test('a topology that does not load is refused', async () => {
    const protocol = layersStudy('linear');
    const model = { ...protocol.model, topology: { class_name: 'Nonsense', config: {} } } as typeof protocol.model;
    await expect(HospitalModel.build(engine, { ...protocol, model }, patternRows(4, 2))).rejects.toThrow(
      /^PROTOCOL_MODEL_INVALID/,
    );
  });
});

test('a model of another label is refused', async () => {
  const linear = smallStudy({ model: { kind: 'linear-regression' } });
  await expect(HospitalModel.build(engine, linear, patternRows(4, 2))).rejects.toThrow(/numeric label/);
  const logistic = smallStudy({ label: number });
  await expect(HospitalModel.build(engine, logistic, patternRows(4, 2))).rejects.toThrow(/binary label/);
});
