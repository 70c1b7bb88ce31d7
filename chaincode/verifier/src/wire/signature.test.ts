import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { sequence } from './der.js';
import { isSigned } from './signature.js';

const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const message = Buffer.from('what is signed');
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

function integer(value: bigint): Buffer {
  const hex = value.toString(16);
  const digits = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  const content = (digits[0] as number) < 0x80 ? digits : Buffer.concat([Buffer.of(0), digits]);
  return Buffer.concat([Buffer.of(0x02, content.length), content]);
}

function der(r: bigint, s: bigint): Buffer {
  const content = Buffer.concat([integer(r), integer(s)]);
  return Buffer.concat([Buffer.of(0x30, content.length), content]);
}

function signed(): [r: bigint, s: bigint] {
  const [r, s] = sequence(sign('sha256', message, privateKey)).map(({ content }) =>
    BigInt(`0x${content.toString('hex')}`),
  );
  return [r as bigint, (s as bigint) > ORDER / 2n ? ORDER - (s as bigint) : (s as bigint)];
}

describe('a signature', () => {
  test('holds in one form alone', () => {
    const [r, s] = signed();
    const plain = der(r, s);
    expect(isSigned(publicKey, message, plain)).toBe(true);
    // The other s is as good to mathematics, and would make a second signature out of one.
    expect(isSigned(publicKey, message, der(r, ORDER - s))).toBe(false);
    expect(isSigned(publicKey, message, Buffer.concat([plain, Buffer.of(0)]))).toBe(false);
    const long = Buffer.concat([Buffer.of(0x30, 0x81, plain.length - 2), plain.subarray(2)]);
    expect(isSigned(publicKey, message, long)).toBe(false);
    expect(isSigned(publicKey, message, Buffer.alloc(0))).toBe(false);
    expect(isSigned(publicKey, Buffer.from('something else'), plain)).toBe(false);
  });

  test('of a key of another kind is none', () => {
    const other = generateKeyPairSync('ed25519');
    expect(isSigned(other.publicKey, message, sign(null, message, other.privateKey))).toBe(false);
  });
});
