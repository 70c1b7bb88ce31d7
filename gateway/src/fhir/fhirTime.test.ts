import { describe, expect, test } from '@jest/globals';
import { instantAfter, instantOf, textOf } from './fhirTime.js';

describe('a date', () => {
  test.each([
    ['2024', '2024-01-01T00:00:00.000Z', '2025-01-01T00:00:00.000Z'],
    ['2024-02', '2024-02-01T00:00:00.000Z', '2024-03-01T00:00:00.000Z'],
    ['2024-12', '2024-12-01T00:00:00.000Z', '2025-01-01T00:00:00.000Z'],
    ['2024-02-29', '2024-02-29T00:00:00.000Z', '2024-03-01T00:00:00.000Z'],
    ['2024-12-31', '2024-12-31T00:00:00.000Z', '2025-01-01T00:00:00.000Z'],
    ['2024-01-31T23:30:00-05:00', '2024-02-01T04:30:00.000Z', '2024-02-01T04:30:00.000Z'],
    ['2024-01-01T00:00:00.1234567Z', '2024-01-01T00:00:00.123Z', '2024-01-01T00:00:00.123Z'],
    ['2016-12-31T23:59:60Z', '2016-12-31T23:59:59.000Z', '2016-12-31T23:59:59.000Z'],
  ])('%s begins at %s, and after it comes %s', (text, start, after) => {
    expect(textOf(instantOf(text) as number)).toBe(start);
    expect(textOf(instantAfter(text) as number)).toBe(after);
  });

  test.each(['', 'today', '2023-02-29', '2024-13', '2024-00-01', '1969-12-31', '0024', '2024-01-01T10:00', '20240101'])(
    '%s is none from 1970 on',
    (text) => {
      expect(instantOf(text)).toBeUndefined();
      expect(instantAfter(text)).toBeUndefined();
    },
  );
});
