import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { KEY_BYTES, seal, unseal } from './sealing.js';

const KEY = randomBytes(KEY_BYTES);
const PLACE = { table: 'event.content', key: 'ref/0' };

describe('a sealed record', () => {
  test('opens where it was sealed, and shows nothing of what it holds', () => {
    const sealed = seal(KEY, PLACE, 'patient 4711');
    expect(unseal(KEY, PLACE, sealed).toString()).toBe('patient 4711');
    expect(sealed.includes('4711')).toBe(false);
    expect(seal(KEY, PLACE, 'patient 4711').equals(sealed)).toBe(false);
  });

  test.each([
    ['another key', randomBytes(KEY_BYTES), PLACE],
    ['another table', KEY, { ...PLACE, table: 'event.extra' }],
    ['another row', KEY, { ...PLACE, key: 'ref/1' }],
    // A separator inside a name must not make two places one.
    ['a place of the same letters', KEY, { table: 'event.content\0ref', key: '0' }],
  ])('does not open with %s', (_, key, place) => {
    expect(() => unseal(key, place, seal(KEY, PLACE, 'x'))).toThrow();
  });

  test('does not open where a single bit of it changed', () => {
    const sealed = seal(KEY, PLACE, 'x');
    for (let at = 0; at < sealed.length; at += 1) {
      const changed = Buffer.from(sealed);
      changed[at] = (changed[at] as number) ^ 1;
      expect(() => unseal(KEY, PLACE, changed)).toThrow();
    }
    expect(() => unseal(KEY, PLACE, sealed.subarray(0, 20))).toThrow();
  });

  test('has a nonce of its own, ten thousand times', () => {
    const nonces = new Set(Array.from({ length: 10_000 }, () => seal(KEY, PLACE, '').toString('hex', 1, 13)));
    expect(nonces.size).toBe(10_000);
  });
});
