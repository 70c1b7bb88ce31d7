import { describe, expect, test } from '@jest/globals';
import { LineRanges } from './lineRanges.js';

describe('LineRanges', () => {
  test('holds single lines and inclusive ranges in any order', () => {
    const ranges = LineRanges.parse('12,3-5,1');
    expect(Array.from({ length: 15 }, (_, line) => line).filter((line) => ranges.has(line))).toEqual([1, 3, 4, 5, 12]);
    expect([ranges.first, ranges.last]).toEqual([1, 12]);
  });

  test('finds the lowest line that two lists share', () => {
    const shared = (a: string, b: string) => LineRanges.parse(a).firstShared(LineRanges.parse(b));
    expect(shared('1-4,9', '5-8,10')).toBeUndefined();
    expect(shared('1-4,9', '9,3')).toBe(3);
    expect(shared('2-9', '1-20')).toBe(2);
  });

  test.each(['', 'a', '1,,2', '1-', '-1', '1;2', '0', '5-3', '1,1', '1-4,4-6'])('refuses %p', (text) => {
    expect(() => LineRanges.parse(text)).toThrow(RangeError);
  });
});
