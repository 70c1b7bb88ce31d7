import type { BinaryMetrics } from '@consilium/domain';
import { describe, expect, test } from '@jest/globals';
import { countOrNull, hidesPositives, ledgerMetrics } from './smallCells.js';

const PRIVATE = { publicData: false };
const PUBLIC = { publicData: true };
const LARGE: BinaryMetrics = {
  kind: 'binary',
  patients: 200,
  positives: 100,
  truePositives: 80,
  trueNegatives: 70,
  concordantPairs: 1,
  tiedPairs: 1,
  loss: 5,
  calibration: [
    [100, 20],
    [0, 0],
    [100, 80],
    [0, 0],
    [0, 0],
    [0, 0],
    [0, 0],
    [0, 0],
    [0, 0],
    [0, 0],
  ],
};

describe('small cells', () => {
  test('a count below ten is suppressed, unless the data is public', () => {
    expect([9, 10, 0].map((count) => countOrNull(PRIVATE, count))).toEqual([null, 10, null]);
    expect(countOrNull(PUBLIC, 3)).toBe(3);
  });

  test('a class is hidden where it or the other is small', () => {
    expect([9, 10, 90, 91].map((positives) => hidesPositives(PRIVATE, 100, positives))).toEqual([
      true,
      false,
      false,
      true,
    ]);
  });

  test('large cells are told', () => {
    expect(ledgerMetrics(PRIVATE, LARGE)).toEqual(LARGE);
  });

  test.each([
    ['few false negatives', { truePositives: 95 }],
    ['few false positives', { trueNegatives: 91 }],
    ['few true positives', { truePositives: 4 }],
    ['few negatives', { patients: 105 }],
  ])('%s hide all metrics', (_, change) => {
    expect(ledgerMetrics(PRIVATE, { ...LARGE, ...change })).toBeNull();
    expect(ledgerMetrics(PUBLIC, { ...LARGE, ...change })).toEqual({ ...LARGE, ...change });
  });

  test('one small group hides calibration alone', () => {
    const calibration: BinaryMetrics['calibration'] = [[91, 20], [9, 0], ...(LARGE.calibration ?? []).slice(2)];
    expect(ledgerMetrics(PRIVATE, { ...LARGE, calibration })).toEqual({ ...LARGE, calibration: null });
    expect(ledgerMetrics(PUBLIC, { ...LARGE, calibration })).toEqual({ ...LARGE, calibration });
  });

  test('a numeric label is told from ten patients on', () => {
    const metrics = { kind: 'number', patients: 9, loss: 1, absoluteError: 1 } as const;
    expect(ledgerMetrics(PRIVATE, metrics)).toBeNull();
    expect(ledgerMetrics(PRIVATE, { ...metrics, patients: 10 })).not.toBeNull();
  });
});
