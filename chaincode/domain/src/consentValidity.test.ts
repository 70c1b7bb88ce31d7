import { describe, expect, test } from '@jest/globals';
import { consentEndsAt } from './consentValidity.js';

const said = { validFrom: null, validTo: null, effectiveFrom: Date.UTC(2026, 0, 31), terms: [] };
const months = (...values: string[]) => [{ code: 'DUO:0000025', values }];

describe('a consent ends', () => {
  test('never, at its validity, or after its months, whichever comes first', () => {
    expect(consentEndsAt(said)).toBeUndefined();
    expect(consentEndsAt({ ...said, validTo: 5 })).toBe(5);
    expect(consentEndsAt({ ...said, terms: months('1') })).toBe(Date.UTC(2026, 1, 28));
    expect(consentEndsAt({ ...said, terms: months('24', '3'), validFrom: Date.UTC(2026, 2, 1) })).toBe(
      Date.UTC(2026, 5, 1),
    );
    expect(consentEndsAt({ ...said, terms: months('1'), validTo: Date.UTC(2026, 1, 1) })).toBe(Date.UTC(2026, 1, 1));
  });
});
