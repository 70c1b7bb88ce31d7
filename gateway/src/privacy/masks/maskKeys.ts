/** X25519 keys as 32 raw bytes: mask keys, made for one round, and share keys. */
import { createPrivateKey, createPublicKey, diffieHellman, generateKeyPairSync, type KeyObject } from 'node:crypto';

export const X25519_BYTES = 32;
/** RFC 8410: what stands before the raw bytes in a private and in a public key. */
const PRIVATE_PREFIX = Buffer.from('302e020100300506032b656e04220420', 'hex');
const PUBLIC_PREFIX = Buffer.from('302a300506032b656e032100', 'hex');

export type KeyPair = Readonly<{ privateKey: Uint8Array; publicKey: Uint8Array }>;

export function makeKeyPair(): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('x25519');
  return { privateKey: rawPrivate(privateKey), publicKey: rawPublic(publicKey) };
}

/** @throws RangeError for other than 32 bytes */
export function publicKeyOf(privateKey: Uint8Array): Uint8Array {
  return rawPublic(createPublicKey(privateKeyObject(privateKey)));
}

/**
 * X25519 of RFC 7748.
 * @throws RangeError for other than 32 bytes, and for a public key that leaves nothing secret (a point of small order)
 */
export function agreedSecret(privateKey: Uint8Array, publicKey: Uint8Array): Buffer {
  const key = createPublicKey({ key: der(PUBLIC_PREFIX, publicKey), format: 'der', type: 'spki' });
  let secret: Buffer;
  try {
    secret = diffieHellman({ privateKey: privateKeyObject(privateKey), publicKey: key });
  } catch (cause) {
    throw new RangeError('the public key is a point of small order', { cause });
  }
  if (secret.every((byte) => byte === 0)) throw new RangeError('the public key is a point of small order');
  return secret;
}

function privateKeyObject(privateKey: Uint8Array): KeyObject {
  return createPrivateKey({ key: der(PRIVATE_PREFIX, privateKey), format: 'der', type: 'pkcs8' });
}

function der(prefix: Buffer, raw: Uint8Array): Buffer {
  if (raw.length !== X25519_BYTES) throw new RangeError(`an X25519 key has ${X25519_BYTES} bytes, not ${raw.length}`);
  return Buffer.concat([prefix, raw]);
}

function rawPrivate(key: KeyObject): Uint8Array {
  return Uint8Array.from(key.export({ format: 'der', type: 'pkcs8' }).subarray(-X25519_BYTES));
}

function rawPublic(key: KeyObject): Uint8Array {
  return Uint8Array.from(key.export({ format: 'der', type: 'spki' }).subarray(-X25519_BYTES));
}
