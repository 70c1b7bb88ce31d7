import { describe, expect, test } from '@jest/globals';
import { lossScale, statisticsScale, updateScale } from './quantisation.js';
import type { StudyProtocol } from './study.js';
import { exampleProtocol } from './testing/exampleProtocol.js';

const SUM_MAX = 2 ** 31 - 1;
const withMembers = (count: number) => Array.from({ length: count }, (_, k) => `H${k}MSP`) as StudyProtocol['members'];
const update = (count: number, weightMax: number, clipNorm: number) =>
  updateScale({ members: withMembers(count), aggregation: { ...exampleProtocol().aggregation, weightMax, clipNorm } });

describe('scales', () => {
  test.each([
    [2, 1_000, 8],
    [3, 1, 1],
    [4, 1_000, 8],
    [7, 999, 3.3],
    [50, 1_000, 8],
    [50, 1, 1_000],
    [2, 1, 1e-9],
  ])(
    'of updates are the largest power of two that %d hospitals cannot overflow (weight %d, norm %d)',
    (n, weight, norm) => {
      const scale = update(n, weight, norm);
      expect(Number.isInteger(Math.log2(scale))).toBe(true);
      expect(n * (weight * norm * scale + 1)).toBeLessThanOrEqual(SUM_MAX);
      expect(n * (weight * norm * 2 * scale + 1)).toBeGreaterThan(SUM_MAX);
    },
  );

  test('take the power below where the bound is one over it', () => {
    // 2 * (bound * 2^20 + 1) is 2^31 - 1 at this bound: one more, and 2^20 is too much.
    const exact = (SUM_MAX / 2 - 1) / 2 ** 20;
    expect(update(2, 1, exact)).toBe(2 ** 20);
    expect(update(2, 1, exact + 2 ** -20)).toBe(2 ** 19);
  });

  test('of the defaults are as the documents say', () => {
    const protocol = exampleProtocol();
    expect(updateScale(protocol)).toBe(2 ** 16);
    expect(lossScale(protocol)).toBe(2 ** 8);
    expect(statisticsScale(protocol)).toBe(2 ** 12);
  });

  test('that leave too little are refused with what to lower', () => {
    expect(() => update(4, 1_000_000, 1_000)).toThrow(/lower one of them/);
    expect(() => update(4, 1_000, 525)).toThrow(RangeError);
    expect(update(4, 1_000, 524)).toBe(2 ** 10);
    const crowd = { members: withMembers(50), patientsMax: 10_000_000 };
    expect(() => lossScale(crowd)).toThrow(/lower it/);
    expect(statisticsScale(crowd)).toBe(4);
  });
});
