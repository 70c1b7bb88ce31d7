/** A study over the synthetic rows that is over in seconds. */
import { StudyProtocol } from '@consilium/domain';

export type ProtocolChanges = Partial<Record<keyof StudyProtocol, unknown>>;

const LABEL = { kind: 'binary', column: 'outcome', positive: { equals: '1' } };

/** @param changes fields that stand in place of the small study's own */
export function smallStudy(members: readonly string[], changes: ProtocolChanges = {}): StudyProtocol {
  return StudyProtocol.parse({
    schemaVersion: 1,
    title: 'A small study',
    members: [...members].sort(),
    publicData: true,
    mode: 'open',
    metrics: 'sums',
    columns: [
      { kind: 'number', name: 'age', unit: 'years', min: 20, max: 110 },
      { kind: 'number', name: 'pressure', unit: 'mm Hg', min: 60, max: 240 },
      { kind: 'category', name: 'smoker', levels: ['0', '1'] },
    ],
    label: LABEL,
    standardisation: 'federated',
    split: { kind: 'hash', testShare: 0.2 },
    validationShare: 0.2,
    model: { kind: 'logistic-regression' },
    seed: 7,
    training: { steps: 10, batchSize: 32, optimiser: { kind: 'sgd', learningRate: 0.1 } },
    aggregation: {},
    trainingRounds: 2,
    ...changes,
  });
}

/** The same with rounds that take a second or more: time to interfere with one. */
export const SLOW_TRAINING = { steps: 3_000, batchSize: 32, optimiser: { kind: 'sgd', learningRate: 0.02 } };
/** As long as a protocol may have it, for a round that something else ends. */
export const ENDLESS_TRAINING = { ...SLOW_TRAINING, steps: 100_000 };
