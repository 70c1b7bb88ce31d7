import { refusal } from '@consilium/domain';
import { describe, expect, test } from '@jest/globals';
import { Retries } from './retries.js';

const unavailable = refusal('EXCHANGE_UNREACHABLE', { msp: 'AMSP' });
const conflict = refusal('LEDGER_CONFLICT', {});
const unknown = refusal('LEDGER_COMMIT_UNKNOWN', { transactionId: 't' });
const wrong = refusal('DATA_EMPTY', { file: 'a.csv' });

/** How long it waits after each of so many failures in a row. */
function waits(error: unknown, times: number): number[] {
  const retries = new Retries();
  return Array.from({ length: times }, () => retries.failed('step', error, 0));
}

describe('Retries', () => {
  test('waits twice as long each time, up to a maximum', () => {
    expect(waits(unavailable, 8)).toEqual([200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]);
    expect(waits(conflict, 6)).toEqual([100, 200, 400, 800, 1_600, 2_000]);
    expect(waits(unknown, 6)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000]);
    expect(waits(wrong, 7).at(-1)).toBe(60_000);
    expect(waits(new Error('unheard of'), 1)).toEqual([200]);
    expect(waits(unavailable, 2_000).at(-1)).toBe(10_000);
  });

  test('lets a step be tried once its wait is over', () => {
    const retries = new Retries();
    expect(retries.waitMs('step', 1_000)).toBe(0);
    retries.failed('step', unavailable, 1_000);
    expect(retries.waitMs('step', 1_050)).toBe(150);
    expect(retries.waitMs('other', 1_050)).toBe(0);
    expect(retries.waitMs('step', 1_200)).toBe(0);
    expect(retries.count('step')).toBe(1);
  });

  test('forgets failures after a success, and of steps that nobody owes', () => {
    const retries = new Retries();
    for (const key of ['a', 'b', 'c']) retries.failed(key, unavailable, 0);
    retries.succeeded('a');
    retries.keepOnly(new Set(['b']));
    expect(['a', 'b', 'c'].map((key) => retries.count(key))).toEqual([0, 1, 0]);
  });
});
