import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { mergeOrdered } from './orderedMerge.js';

/** A source over numbers that counts what it gives. */
function sourceOf(numbers: readonly number[], given: { count: number }) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return (after: number | undefined, items: number) => {
    const found = sorted.filter((number) => after === undefined || number > after).slice(0, items);
    given.count += found.length;
    return found;
  };
}

describe('merging', () => {
  test('gives the first entries of all, in order, whatever stands where', () => {
    const numbers = fc.uniqueArray(fc.integer({ min: 0, max: 500 }), { maxLength: 120 });
    fc.assert(
      fc.property(numbers, fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 60 }), (all, sources, items) => {
        const parts = Array.from({ length: sources }, (_, k) => all.filter((number) => number % sources === k));
        const given = { count: 0 };
        const merged = mergeOrdered(
          parts.map((part) => sourceOf(part, given)),
          items,
          (a, b) => a - b,
        );
        expect(merged).toEqual([...all].sort((a, b) => a - b).slice(0, items));
      }),
    );
  });

  test('reads little more than it gives', () => {
    const given = { count: 0 };
    const sources = Array.from({ length: 400 }, (_, k) =>
      sourceOf(
        Array.from({ length: 200 }, (_, n) => n * 400 + k),
        given,
      ),
    );
    expect(mergeOrdered(sources, 200, (a, b) => a - b)).toHaveLength(200);
    expect(given.count).toBeLessThanOrEqual(400 * 4);
    expect(mergeOrdered([], 5, (a: number, b: number) => a - b)).toEqual([]);
  });
});
