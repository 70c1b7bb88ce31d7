import { describe, expect, test } from '@jest/globals';
import { ledgerValue, printable, valueText } from './ledgerValue.js';

describe('ledgerValue', () => {
  test.each([
    ['{"a":[1]}', { json: { a: [1] } }, '{"a":[1]}'],
    ['plain', { text: 'plain' }, '"plain"'],
    ['42', { text: '42' }, '"42"'],
    ['', { text: '' }, '""'],
  ])('%j is what it says', (text, value, shown) => {
    expect(ledgerValue(Buffer.from(text))).toEqual(value);
    expect(valueText(ledgerValue(Buffer.from(text)))).toBe(shown);
  });

  test('bytes that are no text are base64', () => {
    expect(valueText(ledgerValue(Buffer.of(0xff, 0xfe)))).toBe('base64 //4=');
  });

  test('nothing that a hospital wrote steers the terminal of another', () => {
    const attack = 'a\u001b[2Jb\u0000\u202ec';
    expect(printable(attack)).toBe('a\\u{1b}[2Jb\\u{0}\\u{202e}c');
    for (const text of [attack, JSON.stringify({ [attack]: attack })])
      expect(valueText(ledgerValue(Buffer.from(text)))).not.toMatch(/\p{C}/u);
  });
});
