import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isP256, messageSigner } from './signer.js';

const HALF_ORDER = 0x7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8n;
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

describe('signatures', () => {
  test('verify under the public key, in DER, and s is always the lower one', async () => {
    const sign = messageSigner(privateKey);
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (message) => {
        const signature = Buffer.from(await sign(message));
        expect(verify('sha256', message, createPublicKey(privateKey), signature)).toBe(true);
        const lengthOfR = signature[3] as number;
        const s = signature.subarray(4 + lengthOfR + 2);
        expect(BigInt(`0x${s.toString('hex')}`)).toBeLessThanOrEqual(HALF_ORDER);
        expect(signature.length).toBe(2 + (signature[1] as number));
      }),
      { numRuns: 300 },
    );
  });

  test('are made with keys of P-256 alone', () => {
    expect(isP256(privateKey)).toBe(true);
    expect(isP256(generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey)).toBe(false);
    expect(isP256(generateKeyPairSync('ed25519').privateKey)).toBe(false);
  });
});
