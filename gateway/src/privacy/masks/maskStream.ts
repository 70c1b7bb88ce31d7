/** The keystreams that hide a vector. */
import { createCipheriv } from 'node:crypto';
import { vectorOf } from '../fixedPoint.js';

const CHUNK_BYTES = 64 * 1024;
const ZEROS = Buffer.alloc(CHUNK_BYTES);
const ZERO_IV = Buffer.alloc(16);

/** A key that is used once, 32 bytes, and whether its keystream is added or taken away. */
export type Mask = Readonly<{ seed: Uint8Array; sign: 1 | -1 }>;

/**
 * Adds AES-256-CTR's keystreams (zero IV) as little-endian int32 modulo 2^32, in place. All masks go over one chunk while
 * it is in the processor's cache; beyond the vector it needs one chunk of memory at a time.
 */
export function addMasks(vector: Int32Array, masks: readonly Mask[]): void {
  const ciphers = masks.map(({ seed, sign }) => ({ cipher: createCipheriv('aes-256-ctr', seed, ZERO_IV), sign }));
  for (let start = 0; start < vector.length; start += CHUNK_BYTES / 4) {
    const part = vector.subarray(start, start + CHUNK_BYTES / 4);
    const zeros = ZEROS.subarray(0, 4 * part.length);
    for (const { cipher, sign } of ciphers) add(part, vectorOf(cipher.update(zeros)), sign);
  }
}

function add(part: Int32Array, stream: Int32Array, sign: 1 | -1): void {
  if (sign === 1) for (let i = 0; i < part.length; i++) part[i] = ((part[i] as number) + (stream[i] as number)) | 0;
  else for (let i = 0; i < part.length; i++) part[i] = ((part[i] as number) - (stream[i] as number)) | 0;
}
