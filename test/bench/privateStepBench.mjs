import { StudyProtocol, studyTensors } from '@consilium/domain';
import { BatchOrder } from '../../gateway/dist/learning/batchOrder.js';
import { loadWasm } from '../../gateway/dist/learning/engines/wasm.js';
import { initialTensor } from '../../gateway/dist/learning/initialWeights.js';
import { trainLocally } from '../../gateway/dist/learning/localTraining.js';
import { loadValues } from '../../gateway/dist/learning/models/network.js';
import { networkOf } from '../../gateway/dist/learning/models/networkOf.js';
import { trainPrivately } from '../../gateway/dist/learning/privateTraining.js';
import { SystemNoise } from '../../gateway/dist/privacy/systemNoise.js';
import { figure } from './spread.mjs';

const FEATURES = 13;
const BATCH = 64;
const STEPS = 500;
const RUNS = 7;

const protocol = StudyProtocol.parse({
  schemaVersion: 1,
  title: 'steps',
  members: ['AMSP', 'BMSP'],
  mode: 'open',
  columns: Array.from({ length: FEATURES }, (_, k) => ({ kind: 'number', name: `x${k}`, min: -1, max: 1 })),
  label: { kind: 'binary', column: 'y', positive: { above: 0 } },
  standardisation: 'declared-ranges',
  split: { kind: 'listed' },
  model: { kind: 'multilayer-perceptron', hidden: [64, 32] },
  seed: 1,
  training: { steps: STEPS, batchSize: BATCH, optimiser: { kind: 'sgd', learningRate: 0.05 } },
  aggregation: {},
  trainingRounds: 1,
});

/** A step of DP-SGD beside a step of plain SGD: 13-64-32-1, batch 64, the same rows, the same engine, in turn. */
export async function privateStepBench(_repository, say) {
  const { tf } = await loadWasm();
  const features = Float32Array.from({ length: BATCH * FEATURES }, (_, k) => Math.sin(k * 12.9898));
  const labels = Float32Array.from({ length: BATCH }, (_, row) => row % 2);
  const rows = labels.map((_, row) => row);
  const start = new Map(studyTensors(protocol).map((tensor) => [tensor.name, initialTensor(1, tensor)]));
  const network = await networkOf(tf, protocol);
  const job = {
    ...{ tf, network, training: protocol.training, label: protocol.label, features, featureCount: FEATURES, labels },
    ...{ base: start, round: 1 },
  };
  const order = () => new BatchOrder(1, 1, rows, BATCH);
  const privacy = { samplingRate: 1, noiseMultiplier: 1, patientClipNorm: 1 };
  const patients = [...rows].map((row) => [row]);
  const [plain, noised] = [[], []];
  const timed = async (run) => {
    loadValues(tf, network, start);
    const began = performance.now();
    await run();
    return (1_000 * (performance.now() - began)) / STEPS;
  };
  say(`${RUNS} times ${STEPS} steps of each kind`);
  for (let run = -1; run < RUNS; run++) {
    const one = await timed(() => trainLocally({ ...job, order: order() }));
    const noise = new SystemNoise();
    const other = await timed(() => trainPrivately({ ...job, privacy, patients, declaredPatients: BATCH, noise }));
    // The first of each warms the engine up.
    if (run >= 0) {
      plain.push(one);
      noised.push(other);
    }
  }
  return [
    figure('step of SGD', 'µs', plain),
    figure('step of DP-SGD', 'µs', noised),
    figure(
      'DP-SGD by SGD',
      'times',
      noised.map((value, k) => value / plain[k]),
      { direction: 'at most', bound: 4 },
    ),
  ];
}
