/** Encryption of single records: AES-256-GCM, bound to the place that the record stands in. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

export const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** The form of what is sealed: first byte of the result, and part of what is authenticated. */
const SEAL_VERSION = 1;
const NONCES_AT_ONCE = 1_024;

/** Where a record stands: moved to another table or key, it does not open. */
export type SealPlace = Readonly<{ table: string; key: string }>;

let nonces = Buffer.alloc(0);

/** 96 random bits. Drawn many at a time: a single draw costs more than the encryption. */
function nextNonce(): Buffer {
  if (nonces.length < NONCE_BYTES) nonces = randomBytes(NONCE_BYTES * NONCES_AT_ONCE);
  const nonce = nonces.subarray(0, NONCE_BYTES);
  nonces = nonces.subarray(NONCE_BYTES);
  return nonce;
}

function authenticated({ table, key }: SealPlace): Buffer {
  return Buffer.from(`${table}\0${key}\0${SEAL_VERSION}`, 'utf8');
}

/** Version (1) ‖ nonce (12) ‖ tag (16) ‖ ciphertext. */
export function seal(key: Uint8Array, place: SealPlace, plain: Uint8Array | string): Buffer {
  const nonce = nextNonce();
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(authenticated(place));
  const body = typeof plain === 'string' ? cipher.update(plain, 'utf8') : cipher.update(plain);
  cipher.final();
  return Buffer.concat([Buffer.from([SEAL_VERSION]), nonce, cipher.getAuthTag(), body]);
}

/** @throws Error where key, place or bytes are not those that it was sealed with */
export function unseal(key: Uint8Array, place: SealPlace, sealed: Uint8Array): Buffer {
  if (sealed.length < 1 + NONCE_BYTES + TAG_BYTES || sealed[0] !== SEAL_VERSION)
    throw new Error(`a record of ${place.table} is not sealed as this version seals`);
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(1, 1 + NONCE_BYTES));
  decipher.setAAD(authenticated(place));
  decipher.setAuthTag(sealed.subarray(1 + NONCE_BYTES, 1 + NONCE_BYTES + TAG_BYTES));
  const plain = decipher.update(sealed.subarray(1 + NONCE_BYTES + TAG_BYTES));
  decipher.final();
  return plain;
}
