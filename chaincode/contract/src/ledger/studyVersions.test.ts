import type { StudyVersion } from '@consilium/domain';
import { describe, expect, test } from '@jest/globals';
import { parseStudyVersion } from './studyVersions.js';

const version = (seed: number) => ({
  study: 'heart',
  version: 1,
  protocol: {
    schemaVersion: 1,
    title: 'Heart disease',
    members: ['AMSP', 'BMSP'],
    mode: 'open',
    columns: [{ kind: 'number', name: 'age', min: 0, max: 120 }],
    label: { kind: 'binary', column: 'num', positive: { above: 0 } },
    standardisation: 'federated',
    split: { kind: 'listed' },
    model: { kind: 'logistic-regression' },
    seed,
    training: { steps: 1, batchSize: 1, optimiser: { kind: 'sgd', learningRate: 1 } },
    aggregation: {},
    trainingRounds: 1,
  },
  protocolHash: 'a'.repeat(64),
  proposedBy: { msp: 'AMSP', id: 'researcher' },
  proposedAt: 0,
});

describe('a study version that was read', () => {
  test('is checked once, and found again by its text', () => {
    const text = JSON.stringify(version(0));
    expect(parseStudyVersion(text)).toBe(parseStudyVersion(text));
  });

  test('is never taken for another, however many were read since', () => {
    const seedOf = ({ protocol }: StudyVersion) => protocol.seed;
    for (let round = 0; round < 2; round++)
      for (let seed = 0; seed < 40; seed++) expect(seedOf(parseStudyVersion(JSON.stringify(version(seed))))).toBe(seed);
  });

  test('is refused every time it is read where it does not fit', () => {
    const text = JSON.stringify({ ...version(0), version: 0 });
    for (let k = 0; k < 2; k++) expect(() => parseStudyVersion(text)).toThrow();
  });
});
