import { createPrivateKey, webcrypto } from 'node:crypto';
import { x509 } from './x509.js';

/** Every key is on P-256, the curve that all of Fabric's parts accept. */
export const KEY_ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' } as const;
export const SIGNATURE_ALGORITHM = { name: 'ECDSA', hash: 'SHA-256' } as const;

/** Order of P-256's base point (FIPS 186-4, D.1.2.3). */
const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

export async function generateKeyPair(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(KEY_ALGORITHM, true, ['sign', 'verify']) as Promise<webcrypto.CryptoKeyPair>;
}

/** The private key as PKCS#8 PEM. */
export async function privateKeyPem(key: webcrypto.CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');
}

/** Takes a P-256 private key in PEM apart into the two halves that issuing needs. */
export async function importKeyPair(pem: string): Promise<webcrypto.CryptoKeyPair> {
  const jwk = createPrivateKey(pem).export({ format: 'jwk' }) as webcrypto.JsonWebKey;
  const { d: _secret, ...publicJwk } = jwk;
  const [privateKey, publicKey] = await Promise.all([
    webcrypto.subtle.importKey('jwk', jwk, KEY_ALGORITHM, true, ['sign']),
    webcrypto.subtle.importKey('jwk', publicJwk, KEY_ALGORITHM, true, ['verify']),
  ]);
  return { privateKey, publicKey } as webcrypto.CryptoKeyPair;
}

/**
 * Whether a DER signature (SEQUENCE of INTEGER r, INTEGER s; RFC 3279, 2.2.3) has s in the lower half of the curve's
 * order. Fabric takes only such signatures, since every other has a twin of equal validity.
 */
export function isLowS(signature: ArrayBuffer): boolean {
  const bytes = Buffer.from(signature);
  const lengthOfR = bytes[3] ?? 0;
  const s = bytes.subarray(4 + lengthOfR + 2);
  return s.length > 0 && BigInt(`0x${s.toString('hex')}`) <= P256_ORDER / 2n;
}
