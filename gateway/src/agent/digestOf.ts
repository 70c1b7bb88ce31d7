/** SHA-256 of vectors and version files, by OpenSSL: they can be large. */
import { createHash } from 'node:crypto';
import type { Digest } from '@consilium/domain';

export function digestOf(bytes: Uint8Array): Digest {
  return createHash('sha256').update(bytes).digest('hex') as Digest;
}
