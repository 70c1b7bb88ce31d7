import { describe, expect, test } from '@jest/globals';
import { CohortCommitment } from './consent.js';
import { SMALL_CELL_MIN } from './limits.js';
import { sizeBucketOf } from './sizeBucket.js';

describe('the size bucket of a cohort', () => {
  test.each([
    [0, '<10'],
    [9, '<10'],
    [10, '10-19'],
    [19, '10-19'],
    [20, '20-49'],
    [50, '50-99'],
    [99, '50-99'],
    [100, '100-199'],
    [499, '200-499'],
    [100_000, '100000-199999'],
    [9_999_999, '5000000-9999999'],
    [10_000_000, '10000000+'],
    [50_000_000, '10000000+'],
  ])('of %d patients is %s', (count, bucket) => {
    expect(sizeBucketOf(count)).toBe(bucket);
    expect(CohortCommitment.shape.sizeBucket.parse(bucket)).toBe(bucket);
  });

  test('tells no count below the least that may be told', () => {
    const told = Array.from({ length: SMALL_CELL_MIN }, (_, count) => sizeBucketOf(count));
    expect(new Set(told).size).toBe(1);
  });

  test.each([-1, 1.5, Number.NaN])('is of no %d', (count) => {
    expect(() => sizeBucketOf(count)).toThrow(RangeError);
  });
});
