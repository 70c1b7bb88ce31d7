/** A small protocol that may be proposed, for tests beside the code. It is not built. */
import type { z } from 'zod';
import { StudyProtocol } from '../study.js';

export type ProtocolInput = z.input<typeof StudyProtocol>;

export const EXAMPLE: ProtocolInput = {
  schemaVersion: 1,
  title: 'Heart disease',
  members: ['ClevelandMSP', 'HungaryMSP', 'SwitzerlandMSP', 'VaMSP'],
  mode: 'open',
  columns: [
    { kind: 'number', name: 'age', unit: 'years', min: 0, max: 120 },
    { kind: 'category', name: 'pain', levels: ['1', '2', '3'] },
  ],
  label: { kind: 'binary', column: 'num', positive: { above: 0 } },
  standardisation: 'federated',
  split: { kind: 'listed' },
  model: { kind: 'logistic-regression' },
  seed: 42,
  training: { steps: 10, batchSize: 4, optimiser: { kind: 'sgd', learningRate: 0.1 } },
  aggregation: {},
  trainingRounds: 3,
};

export function exampleProtocol(changes: Partial<ProtocolInput> = {}): StudyProtocol {
  return StudyProtocol.parse({ ...EXAMPLE, ...changes });
}
