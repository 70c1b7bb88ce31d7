/** Bytes that are hashed together. */
import { sha256 } from '@noble/hashes/sha2.js';

/** SHA-256 of bytes. A gateway passes Node's own in where it hashes very many. */
export type Sha256 = (content: Uint8Array) => Uint8Array;

/** SHA-256 in plain JavaScript: it runs wherever the domain does. */
export const plainSha256: Sha256 = sha256;

export const HASH_BYTES = 32;

/** One prefix byte for each use of SHA-256, so that what was hashed for one never stands for another. */
export const HASH_PREFIX = {
  leaf: 0x00,
  node: 0x01,
  position: 0x02,
  cohort: 0x03,
  commitment: 0x04,
  subject: 0x05,
} as const;

/** SHA-256(prefix ‖ parts). */
export function prefixedHash(hash: Sha256, prefix: number, ...parts: readonly Uint8Array[]): Uint8Array {
  let length = 1;
  for (const part of parts) length += part.length;
  const content = new Uint8Array(length);
  content[0] = prefix;
  let at = 1;
  for (const part of parts) {
    content.set(part, at);
    at += part.length;
  }
  return hash(content);
}

/** Byte order; negative: `a` comes first. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let k = 0; k < length; k += 1) {
    const difference = (a[k] as number) - (b[k] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
