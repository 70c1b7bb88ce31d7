import { createCipheriv, createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { Keystream } from './keystream.js';

const KEY = createHash('sha256').update('consilium-init\n42\noutput/kernel').digest();
const STREAM = createCipheriv('aes-256-ctr', KEY, Buffer.alloc(16)).update(Buffer.alloc(200_000));

describe('keystream', () => {
  test('is AES-256-CTR under the hash of the words, read from its first byte', () => {
    const stream = new Keystream('consilium-init', 42, 'output/kernel');
    expect(stream.next24Bits()).toBe(STREAM.readUIntBE(0, 3));
    expect(stream.next24Bits()).toBe(STREAM.readUIntBE(3, 3));
    expect(stream.next32Bits()).toBe(STREAM.readUInt32BE(6));
  });

  test('goes on without a gap beyond its buffer', () => {
    const stream = new Keystream('consilium-init', 42, 'output/kernel');
    for (let k = 0; k < 60_000; k++) expect(stream.next24Bits()).toBe(STREAM.readUIntBE(3 * k, 3));
  });

  test('draws each number below a bound about equally often', () => {
    const stream = new Keystream('even');
    const counts = new Array<number>(7).fill(0);
    for (let k = 0; k < 70_000; k++) {
      const draw = stream.nextBelow(7);
      counts[draw] = (counts[draw] as number) + 1;
    }
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(400);
  });

  test('other words give another stream', () => {
    expect(new Keystream('a', 1).next32Bits()).not.toBe(new Keystream('a', 2).next32Bits());
  });
});
