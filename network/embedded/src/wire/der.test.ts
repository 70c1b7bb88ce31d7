import { describe, expect, test } from '@jest/globals';
import { derInteger, derOctets, derSequence, readEcdsaPair } from './der.js';

describe('DER', () => {
  test('integers keep their sign bit clear', () => {
    expect(derInteger(0n).toString('hex')).toBe('020100');
    expect(derInteger(127n).toString('hex')).toBe('02017f');
    expect(derInteger(128n).toString('hex')).toBe('02020080');
    expect(derInteger(256n).toString('hex')).toBe('02020100');
  });

  test('long contents get a long length', () => {
    const encoded = derOctets(Buffer.alloc(200, 1));
    expect(encoded.subarray(0, 3).toString('hex')).toBe('0481c8');
    expect(encoded.length).toBe(203);
  });

  test('reads back a pair of numbers', () => {
    expect(readEcdsaPair(derSequence(derInteger(5n), derInteger(0x80n)))).toEqual({ r: 5n, s: 0x80n });
  });

  test.each([
    ['trailing byte', '30060201010201010'.concat('0')],
    ['trailing byte within the sequence', '300702010102010100'],
    ['negative number', '30060201ff020101'],
    ['needless leading zero', '3007020200010201'.concat('01')],
    ['only one number', '3003020101'],
    ['empty', ''],
  ])('refuses a pair with %s', (_, hex) => {
    expect(readEcdsaPair(Buffer.from(hex, 'hex'))).toBeUndefined();
  });
});
