/** What a cohort's tree is hashed of: see `cohortTree`. */
import { HASH_BYTES, HASH_PREFIX, prefixedHash, type Sha256 } from './hashing.js';

/** Stands for an empty subtree. */
export const EMPTY_HASH: Uint8Array = new Uint8Array(HASH_BYTES);

/** Bit number `index` of some bytes, the most significant of the first being 0. Of a position: at that depth. */
export function bitOf(bytes: Uint8Array, index: number): 0 | 1 {
  return (((bytes[Math.floor(index / 8)] as number) >> (7 - (index % 8))) & 1) as 0 | 1;
}

/** SHA-256(0x00 ‖ position). */
export function leafHash(hash: Sha256, position: Uint8Array): Uint8Array {
  return prefixedHash(hash, HASH_PREFIX.leaf, position);
}

/** SHA-256(0x01 ‖ left ‖ right). */
export function nodeHash(hash: Sha256, left: Uint8Array, right: Uint8Array): Uint8Array {
  return prefixedHash(hash, HASH_PREFIX.node, left, right);
}

/** SHA-256(0x03 ‖ count as 8 bytes, big endian ‖ root). */
export function committedRoot(count: number, root: Uint8Array, hash: Sha256): Uint8Array {
  const size = new Uint8Array(8);
  new DataView(size.buffer).setBigUint64(0, BigInt(count));
  return prefixedHash(hash, HASH_PREFIX.cohort, size, root);
}
