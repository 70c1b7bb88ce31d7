import type { FailureResource } from '@consilium/client';
import { StudyProtocol } from '@consilium/domain';
import { describe, expect, test } from '@jest/globals';
import { type Watched, watchFailures } from './watchFailures.js';

const PROTOCOL = StudyProtocol.parse({
  schemaVersion: 1,
  title: 'A study of three',
  members: ['AMSP', 'BMSP', 'CMSP'],
  mode: 'open',
  columns: [{ kind: 'number', name: 'age', min: 0, max: 120 }],
  label: { kind: 'binary', column: 'ill', positive: { above: 0 } },
  standardisation: 'declared-ranges',
  split: { kind: 'listed' },
  model: { kind: 'logistic-regression' },
  seed: 1,
  training: { steps: 1, batchSize: 1, optimiser: { kind: 'sgd', learningRate: 0.1 } },
  aggregation: {},
  trainingRounds: 1,
});
const failure = (code: string, times = 1): FailureResource => ({
  step: 'makeVector',
  round: 2,
  code,
  detail: 'why',
  times,
  at: 1,
});

/** Watches three hospitals, one turn of answers after another, until there are no more. */
async function watched(turns: FailureResource[][][]): Promise<string[]> {
  const lines: string[] = [];
  const done = new AbortController();
  let turn = 0;
  const hospitals = ['A', 'B', 'C'].map(
    (name, k): Watched => ({
      name,
      as: () => ({
        study: async () => {
          const failures = turns[turn]?.[k] ?? [];
          if (k === 2) turn += 1;
          if (turn >= turns.length) done.abort();
          return { failures };
        },
      }),
    }),
  );
  await watchFailures(hospitals, 'study', PROTOCOL, { line: (text = '') => void lines.push(text) }, done.signal, 1);
  return lines;
}

describe('failures of hospitals in the demo', () => {
  test('are told once each, with the hospital that has them', async () => {
    const turn = [[], [failure('DATA_NOT_A_NUMBER')], []];
    expect(await watched([turn, turn])).toEqual(['  B: makeVector of round 2: DATA_NOT_A_NUMBER: why']);
  });

  test('that may pass are told only when they do not', async () => {
    const turn = (times: number) => [[failure('EXCHANGE_UNREACHABLE', times)], [], []];
    expect(await watched([turn(1), turn(2)])).toEqual([]);
    expect(await watched([turn(2), turn(3)])).toHaveLength(1);
  });

  test('of so many that a round cannot be had end it with their words', async () => {
    const all = [[failure('TRAINING_NOT_FINITE')], [failure('TRAINING_NOT_FINITE')], []];
    await expect(watched([all])).rejects.toThrow(/cannot go on: A, B: TRAINING_NOT_FINITE: why$/);
    const away = [[failure('EXCHANGE_UNREACHABLE', 9)], [failure('EXCHANGE_UNREACHABLE', 9)], []];
    await expect(watched([away])).resolves.toHaveLength(2);
  });
});
