import { describe, expect, test } from '@jest/globals';
import { accuracy, areaTieBound, areaUnderCurve, type BinaryMetrics, meanLoss } from './evaluation.js';

const metrics = (changes: Partial<BinaryMetrics>): BinaryMetrics => ({
  kind: 'binary',
  patients: 10,
  positives: 4,
  truePositives: 3,
  trueNegatives: 5,
  concordantPairs: 18,
  tiedPairs: 4,
  loss: 2_560,
  calibration: Array.from({ length: 10 }, () => [1, 0]),
  ...changes,
});

describe('figures from sums', () => {
  test('count ties half, and say how much they could matter', () => {
    expect(areaUnderCurve(metrics({}))).toBe(20 / 24);
    expect(areaTieBound(metrics({}))).toBe(2 / 24);
  });

  test.each([{ positives: 0 }, { positives: 10 }])('have no area with one class: %p', (changes) => {
    expect(areaUnderCurve(metrics(changes))).toBeNull();
    expect(areaTieBound(metrics(changes))).toBeNull();
  });

  test('give accuracy and loss a patient', () => {
    expect(accuracy(metrics({}))).toBe(0.8);
    expect(meanLoss(metrics({}), 256)).toBe(1);
  });

  test('are null without patients, never 0', () => {
    const none = metrics({ patients: 0, positives: 0 });
    expect([accuracy(none), meanLoss(none, 256), areaUnderCurve(none)]).toEqual([null, null, null]);
  });
});
