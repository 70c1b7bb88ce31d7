/** X25519 keys (RFC 7748) as 32 raw bytes: what travels and what is kept. */
import { createPrivateKey, createPublicKey, diffieHellman, generateKeyPairSync, type KeyObject } from 'node:crypto';

const KEY_BYTES = 32;
/** What stands before the raw key in PKCS #8 and SubjectPublicKeyInfo (RFC 8410). */
const PRIVATE_PREFIX = Buffer.from('302e020100300506032b656e04220420', 'hex');
const PUBLIC_PREFIX = Buffer.from('302a300506032b656e032100', 'hex');

export type X25519Pair = Readonly<{ privateKey: Uint8Array; publicKey: Uint8Array }>;

export function makeX25519Pair(): X25519Pair {
  const { privateKey, publicKey } = generateKeyPairSync('x25519');
  return {
    privateKey: Uint8Array.from(privateKey.export({ type: 'pkcs8', format: 'der' }).subarray(-KEY_BYTES)),
    publicKey: Uint8Array.from(publicKey.export({ type: 'spki', format: 'der' }).subarray(-KEY_BYTES)),
  };
}

/** The public key of a private one: 32 bytes each. */
export function x25519PublicKey(privateKey: Uint8Array): Uint8Array {
  const spki = createPublicKey(privateKeyObject(privateKey)).export({ type: 'spki', format: 'der' });
  return Uint8Array.from(spki.subarray(-KEY_BYTES));
}

/**
 * The secret that two key pairs share: 32 bytes.
 * @throws Error for a public key of small order, which would give zeros whatever the private one is
 */
export function x25519Secret(privateKey: Uint8Array, publicKey: Uint8Array): Uint8Array {
  return diffieHellman({ privateKey: privateKeyObject(privateKey), publicKey: publicKeyObject(publicKey) });
}

function privateKeyObject(raw: Uint8Array): KeyObject {
  requireLength(raw);
  return createPrivateKey({ key: Buffer.concat([PRIVATE_PREFIX, raw]), format: 'der', type: 'pkcs8' });
}

function publicKeyObject(raw: Uint8Array): KeyObject {
  requireLength(raw);
  return createPublicKey({ key: Buffer.concat([PUBLIC_PREFIX, raw]), format: 'der', type: 'spki' });
}

function requireLength(raw: Uint8Array): void {
  if (raw.length !== KEY_BYTES) throw new RangeError(`an X25519 key has ${KEY_BYTES} bytes, not ${raw.length}`);
}
