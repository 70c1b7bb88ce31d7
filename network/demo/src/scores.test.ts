import { describe, expect, test } from '@jest/globals';
import { areaInterval, pairedAccuracyDifference, proportionInterval } from './intervals.js';
import { accuracyOf, areaOf, calibrationOf, logLossOf, meanLogLoss } from './scores.js';

const rows = [
  { score: 0.9, label: 1 },
  { score: 0.6, label: 0 },
  { score: 0.6, label: 1 },
  { score: 0.2, label: 0 },
];

describe('figures from rows', () => {
  test('accuracy counts scores of one half and above as positive', () => {
    expect(accuracyOf(rows)).toBe(0.75);
    expect(accuracyOf([{ score: 0.5, label: 1 }])).toBe(1);
    expect(accuracyOf([])).toBeNull();
  });

  test('a class named beside the score decides', () => {
    expect(accuracyOf([{ score: 0.6, label: 0, named: 0 }])).toBe(1);
  });

  test('area counts ties half and is undefined with one class', () => {
    expect(areaOf(rows)).toBe(0.875);
    expect(areaOf([{ score: 0.3, label: 1 }])).toBeNull();
  });

  test('log-loss is clipped at 16 nats', () => {
    expect(logLossOf({ score: 0, label: 1 })).toBe(16);
    expect(meanLogLoss([{ score: 0.5, label: 1 }])).toBeCloseTo(Math.log(2), 12);
  });

  test('calibration puts a score of one into the last tenth', () => {
    expect(calibrationOf([{ score: 1, label: 1 }])[9]).toEqual({ rows: 1, meanScore: 1, positives: 1 });
  });
});

describe('intervals', () => {
  test("Wilson's interval of 15 out of 16, against the published formula's value", () => {
    const interval = proportionInterval(15, 16);
    expect(interval?.low).toBeCloseTo(0.7167, 3);
    expect(interval?.high).toBeCloseTo(0.9889, 3);
  });

  test("DeLong's interval needs two rows of each class", () => {
    expect(areaInterval(rows)).not.toBeNull();
    expect(areaInterval(rows.slice(1))).toBeNull();
  });

  test('a paired difference counts the rows on which only one is right', () => {
    const theirs = rows.map((row) => ({ ...row, score: row.label === 0 ? 0.1 : 0.2 }));
    const result = pairedAccuracyDifference(rows, theirs);
    expect([result.oursOnly, result.theirsOnly, result.difference]).toEqual([2, 1, 0.25]);
    expect(result.interval.low).toBeLessThan(0);
    expect(() => pairedAccuracyDifference(rows, [])).toThrow(RangeError);
  });
});
