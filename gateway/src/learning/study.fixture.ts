/** Small studies and rows for the tests of this room. */
import { type Msp, StudyProtocol, vectorLayout } from '@consilium/domain';
import { vectorBytes } from '../privacy/fixedPoint.js';
import type { RowSet, TrainingRows } from './trainingRows.js';

type Changes = Partial<Record<keyof StudyProtocol, unknown>>;

/** Two numbers and a binary label, two hospitals, public data, no validation rows, an intercept that is shared. */
export function smallStudy(changes: Changes = {}): StudyProtocol {
  return StudyProtocol.parse({
    schemaVersion: 1,
    title: 'two numbers',
    members: ['AMSP', 'BMSP'],
    publicData: true,
    mode: 'open',
    columns: ['x', 'y'].map((name) => ({ kind: 'number', name, min: -1, max: 1 })),
    label: { kind: 'binary', column: 'z', positive: { above: 0 } },
    standardisation: 'federated',
    split: { kind: 'listed' },
    validationShare: 0,
    model: { kind: 'logistic-regression' },
    seed: 42,
    training: { steps: 100, batchSize: 4, optimiser: { kind: 'sgd', learningRate: 0.1 } },
    aggregation: {},
    trainingRounds: 3,
    ...changes,
  });
}

/** A study whose rows are images of height, width and channels, with a binary label. */
export function imageStudy(input: readonly [number, number, number], changes: Changes = {}): StudyProtocol {
  const pixels = input[0] * input[1] * input[2];
  return smallStudy({
    columns: Array.from({ length: pixels }, (_, k) => ({ kind: 'number', name: `p${k}`, min: 0, max: 1 })),
    standardisation: 'declared-ranges',
    model: { kind: 'convolutional', input, filters: [3, 4], kernelSize: 3, dense: 5 },
    ...changes,
  });
}

/** Rows whose label depends on the first feature, drawn from a plain generator, so that each call gives the same. */
export function patternRows(count: number, featureCount: number, sets: readonly RowSet[] = ['train']): TrainingRows {
  const unit = plainGenerator(7);
  const features = Float32Array.from({ length: count * featureCount }, () => 2 * unit() - 1);
  const labels = Float32Array.from({ length: count }, (_, row) =>
    (features[row * featureCount] as number) + 0.3 * (unit() - 0.5) > 0 ? 1 : 0,
  );
  return {
    featureCount,
    features,
    labels,
    sets: Array.from({ length: count }, (_, row) => sets[row % sets.length] as RowSet),
    patientKeys: Array.from({ length: count }, (_, row) => `p${row}`),
    lines: Array.from({ length: count }, (_, row) => row + 2),
  };
}

/** Park and Miller's generator: numbers in (0, 1). */
export function plainGenerator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

/** A vector of a round with some of its slices written, as bytes under a member's name. */
export function vectorsOf(
  protocol: StudyProtocol,
  kind: Parameters<typeof vectorLayout>[1],
  write: (vector: Int32Array, layout: ReturnType<typeof vectorLayout>, member: number) => void,
): Map<Msp, Uint8Array> {
  const layout = vectorLayout(protocol, kind);
  return new Map(
    protocol.members.map((msp, member) => {
      const vector = new Int32Array(layout.length);
      write(vector, layout, member);
      return [msp, vectorBytes(vector)];
    }),
  );
}
