import { areaTieBound, areaUnderCurve, BinaryMetrics } from '@consilium/domain';
import { describe, expect, test } from '@jest/globals';
import { binaryMetrics, metricsOfSum } from './histogramMetrics.js';

/** Counts by bin, all others 0. */
function bins(counts: Record<number, number>): Int32Array {
  const histogram = new Int32Array(50);
  for (const [bin, count] of Object.entries(counts)) histogram[Number(bin)] = count;
  return histogram;
}

describe('metrics of summed histograms', () => {
  test('count pairs, classes at one half, and tenths', () => {
    const metrics = binaryMetrics(bins({ 10: 1, 24: 2, 25: 3, 49: 4 }), bins({ 0: 5, 10: 2, 25: 1 }), 77);
    expect(BinaryMetrics.parse(metrics)).toEqual({
      kind: 'binary',
      patients: 18,
      positives: 10,
      truePositives: 7,
      trueNegatives: 7,
      concordantPairs: 1 * 5 + 2 * 7 + 3 * 7 + 4 * 8,
      tiedPairs: 1 * 2 + 3 * 1,
      loss: 77,
      calibration: [
        [5, 0],
        [0, 0],
        [3, 1],
        [0, 0],
        [2, 2],
        [4, 3],
        [0, 0],
        [0, 0],
        [0, 0],
        [4, 4],
      ],
    });
    expect(areaUnderCurve(metrics as BinaryMetrics)).toBe((72 + 2.5) / 80);
    expect(areaTieBound(metrics as BinaryMetrics)).toBe(2.5 / 80);
  });

  test('a negative count is no metrics', () => {
    expect(binaryMetrics(bins({ 3: -1 }), bins({}), 0)).toBeUndefined();
    expect(binaryMetrics(bins({}), bins({ 3: -1 }), 0)).toBeUndefined();
  });

  test('pairs beyond exact integers are no metrics', () => {
    expect(binaryMetrics(bins({ 1: 2 ** 30 }), bins({ 0: 2 ** 30 }), 0)).toBeUndefined();
  });

  test('a numeric label has three sums', () => {
    const slice = (start: number) => ({ start, length: 1 });
    const slices = { kind: 'number', loss: slice(1), patients: slice(2), absoluteError: slice(3) } as const;
    expect(metricsOfSum(new Int32Array([9, 8, 7, 6]), slices)).toEqual({
      kind: 'number',
      loss: 8,
      patients: 7,
      absoluteError: 6,
    });
    expect(metricsOfSum(new Int32Array([9, 8, -7, 6]), slices)).toBeUndefined();
  });
});
