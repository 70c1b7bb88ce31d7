import { describe, expect, test } from '@jest/globals';
import { base64ToBytes, bytesToBase64 } from './base64.js';

describe('base64', () => {
  test('is what Node writes and reads, for every length', () => {
    for (let length = 0; length < 200; length += 1) {
      const bytes = Uint8Array.from({ length }, (_, k) => (k * 7 + length * 13) & 255);
      const text = bytesToBase64(bytes);
      expect(text).toBe(Buffer.from(bytes).toString('base64'));
      expect(Buffer.from(base64ToBytes(text) as Uint8Array)).toEqual(Buffer.from(bytes));
    }
  });

  test.each([
    ['a wrong length', 'QUJD='],
    ['no padding', 'QUI'],
    ['too much padding', 'QQ==='],
    ['nothing but padding', '===='],
    ['padding inside', 'QQ==QQ=='],
    ['digits of the other alphabet', 'QU-_'],
    ['a line feed', 'QUJD\n'],
    ['bits beyond the last byte', 'QR=='],
    ['bits beyond the last two bytes', 'QUJ='],
  ])('refuses %s', (_, text) => {
    expect(base64ToBytes(text)).toBeUndefined();
  });
});
