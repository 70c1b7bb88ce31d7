import { describe, expect, test } from '@jest/globals';
import type { Msp, StudyId } from './ids.js';
import { keyRange, ledgerKey, tenDigits } from './ledgerKeys.js';

const [study, msp] = ['heart' as StudyId, 'ClevelandMSP' as Msp];

describe('keys of the ledger', () => {
  test('hold numbers that sort as text', () => {
    const keys = [0, 1, 9, 10, 99, 1_000_000_000, 9_999_999_999].map((n) => ledgerKey.round(study, n));
    expect([...keys].sort()).toEqual(keys);
    expect(keys[1]).toBe('round~heart~0000000001');
  });

  test.each([-1, 0.5, 10_000_000_000, Number.NaN])('cannot hold the number %s', (number) => {
    expect(() => tenDigits(number)).toThrow(RangeError);
  });

  test('lie in the range of their first parts, and no others do', () => {
    const { start, end } = keyRange('join', study, 1);
    const inside = (key: string) => start <= key && key < end;
    expect(inside(ledgerKey.join(study, 1, msp))).toBe(true);
    expect(inside(ledgerKey.join(study, 1, 'zMSP' as Msp))).toBe(true);
    expect(inside(ledgerKey.join(study, 2, msp))).toBe(false);
    expect(inside(ledgerKey.join('heart-2' as StudyId, 1, msp))).toBe(false);
    expect(inside(ledgerKey.contribution(study, 1, msp))).toBe(false);
  });

  test('of a study itself and its versions are told apart', () => {
    const { start, end } = keyRange('study', study);
    expect(ledgerKey.study(study) < start).toBe(true);
    const version = ledgerKey.studyVersion(study, 1);
    expect(start <= version && version < end).toBe(true);
  });
});
