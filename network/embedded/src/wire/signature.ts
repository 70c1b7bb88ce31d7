import { type KeyObject, sign, verify } from 'node:crypto';
import { derInteger, derSequence, readEcdsaPair } from './der.js';

/** Order of the group of P-256 (FIPS 186-4, D.1.2.3). */
const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const P256_HALF_ORDER = P256_ORDER >> 1n;

/**
 * Signs with ECDSA over SHA-256 and makes S the lower of its two values, which is the only one that Fabric accepts (it
 * keeps a third party from altering a signature that stays valid).
 */
export function signLowS(key: KeyObject, message: Uint8Array): Buffer {
  const signature = sign('sha256', message, key);
  const pair = readEcdsaPair(signature);
  if (!pair) throw new Error('the key does not sign with ECDSA on P-256');
  if (pair.s <= P256_HALF_ORDER) return signature;
  return derSequence(derInteger(pair.r), derInteger(P256_ORDER - pair.s));
}

/** Whether `signature` is a DER ECDSA pair with low S that `key` made over SHA-256 of `message`. */
export function verifyLowS(key: KeyObject, message: Uint8Array, signature: Uint8Array): boolean {
  const pair = readEcdsaPair(signature);
  if (!pair || pair.s > P256_HALF_ORDER) return false;
  return verify('sha256', message, key, signature);
}
