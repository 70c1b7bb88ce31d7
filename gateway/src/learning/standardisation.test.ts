import { describe, expect, test } from '@jest/globals';
import { standardisationOf } from './aggregateStatistics.js';
import { standardisationFor, standardised, trainSums } from './standardisation.js';
import type { TrainingRows } from './trainingRows.js';

const ROWS: TrainingRows = {
  featureCount: 2,
  features: new Float32Array([0, 1, 0.5, 1, 1, 1, -1, -1]),
  labels: new Float32Array(4),
  sets: ['train', 'train', 'train', 'test'],
  patientKeys: ['a', 'b', 'c', 'd'],
  lines: [1, 2, 3, 4],
};
const STATISTICS = { mean: new Float64Array([0.5, 0]), deviation: new Float64Array([0.25, 2]) };

describe('standardisation', () => {
  test('sums are of the train rows', () => {
    expect(trainSums(ROWS)).toEqual({
      sums: new Float64Array([1.5, 3]),
      squares: new Float64Array([1.25, 3]),
      count: 3,
    });
  });

  test('federated: by the version; none where it has none', () => {
    expect(standardisationFor(ROWS, 'federated', { statistics: STATISTICS })).toBe(STATISTICS);
    expect(standardisationFor(ROWS, 'federated', {})).toBeUndefined();
  });

  test('per hospital: by its own train rows, a constant feature by 1', () => {
    const own = standardisationFor(ROWS, 'per-hospital', { statistics: STATISTICS });
    expect([...(own?.mean ?? [])]).toEqual([0.5, 1]);
    expect(own?.deviation[0]).toBeCloseTo(Math.sqrt(1 / 6), 15);
    expect(own?.deviation[1]).toBe(1);
    expect(standardisationFor({ ...ROWS, sets: ['test', 'test', 'test', 'test'] }, 'per-hospital', {})).toBeUndefined();
  });

  test('a feature that hardly varies is constant', () => {
    const { deviation } = standardisationOf(
      new Float64Array([2, 2]),
      new Float64Array([1 + 2 ** -21, 1 + 2 ** -17]),
      4,
    );
    expect([...deviation]).toEqual([1, Math.sqrt(2 ** -19)]);
  });

  test('declared ranges: nothing is done', () => {
    expect(standardisationFor(ROWS, 'declared-ranges', { statistics: STATISTICS })).toBeUndefined();
    expect(standardised(ROWS, undefined)).toBe(ROWS.features);
  });

  test('is (u - mean) / deviation, feature by feature', () => {
    expect([...standardised(ROWS, STATISTICS)]).toEqual([-2, 0.5, 0, 0.5, 2, 0.5, -6, -0.5]);
  });
});
