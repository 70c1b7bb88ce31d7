import { describe, expect, test } from '@jest/globals';
import { ConsiliumError, ERRORS, type ErrorCode, refusal, refusalIn } from './errors.js';

const codes = Object.keys(ERRORS) as ErrorCode[];

describe('the error catalogue', () => {
  test('has codes that Fabric carries and messages that say something', () => {
    for (const code of codes) {
      expect(code).toMatch(/^[A-Z][A-Z]*(?:_[A-Z]+)*$/);
      expect(ERRORS[code].message.length).toBeGreaterThan(5);
      expect(ERRORS[code].message.replace(/\{\w+\}/g, '')).not.toMatch(/[{}]/);
    }
  });

  test('has a known kind for every code', () => {
    const kinds = new Set(codes.map((code) => ERRORS[code].kind));
    expect([...kinds].sort()).toEqual(['conflict', 'forbidden', 'invalid', 'limit', 'missing', 'unavailable']);
  });

  test.each(codes)('%s is found again in the text that comes through Fabric', (code) => {
    const error = new ConsiliumError(code, 'why');
    const found = refusalIn(`failed to endorse transaction: chaincode response 500, ${error.message}`);
    expect(found).toMatchObject({ code, detail: 'why', kind: ERRORS[code].kind, message: `${code}: why` });
  });

  test('fills in what a message names, and keeps the cause', () => {
    const cause = new Error('below');
    const error = refusal('ROUND_NOT_NEXT', { study: 'heart', expected: 3, round: 5 }, { cause });
    expect(error.message).toBe('ROUND_NOT_NEXT: the next round of study heart is 3, not 5');
    expect(error.detail).toBe('the next round of study heart is 3, not 5');
    expect(error.cause).toBe(cause);
  });

  test('does not take a detail apart that looks like a placeholder or a code', () => {
    const error = refusal('STUDY_UNKNOWN', { study: '{round} NOT_A_MEMBER: x' });
    expect(error.message).toBe('STUDY_UNKNOWN: no study {round} NOT_A_MEMBER: x');
    expect(refusalIn(error.message)?.code).toBe('STUDY_UNKNOWN');
  });

  test('finds nothing in other texts', () => {
    expect(refusalIn('MVCC_READ_CONFLICT: no code of ours')).toBeUndefined();
    expect(refusalIn('toString: CONSTRUCTOR: constructor: hasOwnProperty: ')).toBeUndefined();
    expect(refusalIn('STUDY_UNKNOWN without a colon')).toBeUndefined();
  });
});
