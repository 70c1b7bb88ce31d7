import { CLOCK_SKEW_MS_MAX } from '@consilium/domain';
import { describe, expect, test } from '@jest/globals';
import type { LedgerContext } from './ledgerContext.js';
import { transactionTime } from './transactionTime.js';

const at = (claimedMs: number, ownMs: number) =>
  ({ stub: { getDateTimestamp: () => new Date(claimedMs) }, now: () => ownMs }) as unknown as LedgerContext;

describe('the time of a transaction', () => {
  test.each([0, CLOCK_SKEW_MS_MAX, -CLOCK_SKEW_MS_MAX])(
    "is the client's, on every peer the same, with clocks %d ms apart",
    (skewMs) => {
      expect(transactionTime(at(1_000_000, 1_000_000 + skewMs))).toBe(1_000_000);
    },
  );

  test.each([CLOCK_SKEW_MS_MAX + 1, -CLOCK_SKEW_MS_MAX - 1])('is refused with clocks %d ms apart', (skewMs) => {
    expect(() => transactionTime(at(1_000_000, 1_000_000 + skewMs))).toThrow(
      /^CLOCK_SKEW: the transaction says 1970-01-01T00:16:40.000Z, .* 5000 ms apart/,
    );
  });
});
