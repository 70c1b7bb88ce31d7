/** The keystream that hides a vector. */
import { createCipheriv } from 'node:crypto';
import { vectorOf } from '../fixedPoint.js';

const CHUNK_BYTES = 64 * 1024;
const ZEROS = Buffer.alloc(CHUNK_BYTES);
const ZERO_IV = Buffer.alloc(16);

/**
 * Adds AES-256-CTR's keystream under a key that is used once (zero IV), as little-endian int32 modulo 2^32, in place; or
 * takes it away. Beyond the vector it needs one chunk of memory.
 *
 * @param seed 32 bytes
 */
export function addMask(vector: Int32Array, seed: Uint8Array, sign: 1 | -1): void {
  const cipher = createCipheriv('aes-256-ctr', seed, ZERO_IV);
  for (let start = 0; start < vector.length; start += CHUNK_BYTES / 4) {
    const part = vector.subarray(start, start + CHUNK_BYTES / 4);
    const stream = vectorOf(cipher.update(ZEROS.subarray(0, 4 * part.length)));
    if (sign === 1) for (let i = 0; i < part.length; i++) part[i] = ((part[i] as number) + (stream[i] as number)) | 0;
    else for (let i = 0; i < part.length; i++) part[i] = ((part[i] as number) - (stream[i] as number)) | 0;
  }
}
