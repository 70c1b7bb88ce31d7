import { generateKeyPairSync, verify } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { derInteger, derSequence, readEcdsaPair } from './der.js';
import { signLowS, verifyLowS } from './signature.js';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

describe('signatures', () => {
  test('always have the lower of the two values of S', () => {
    for (let index = 0; index < 40; index++) {
      const message = Buffer.from(`message ${index}`);
      const signature = signLowS(privateKey, message);
      expect(readEcdsaPair(signature)!.s <= ORDER / 2n).toBe(true);
      expect(verifyLowS(publicKey, message, signature)).toBe(true);
    }
  });

  test('with high S are refused although the mathematics holds', () => {
    const message = Buffer.from('message');
    const pair = readEcdsaPair(signLowS(privateKey, message))!;
    const high = derSequence(derInteger(pair.r), derInteger(ORDER - pair.s));
    expect(verify('sha256', message, publicKey, high)).toBe(true);
    expect(verifyLowS(publicKey, message, high)).toBe(false);
  });

  test('of another message are refused', () => {
    expect(verifyLowS(publicKey, Buffer.from('b'), signLowS(privateKey, Buffer.from('a')))).toBe(false);
    expect(verifyLowS(publicKey, Buffer.from('a'), Buffer.from('3006020101020101', 'hex'))).toBe(false);
    expect(verifyLowS(publicKey, Buffer.from('a'), Buffer.alloc(0))).toBe(false);
  });
});
