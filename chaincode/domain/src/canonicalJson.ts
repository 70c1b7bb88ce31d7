/**
 * Canonical JSON after RFC 8785: object keys in UTF-16 order, no white space, numbers as ECMAScript prints them.
 * What is hashed or signed is always this form, so that every hospital signs the same bytes.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { Digest } from './ids.js';

/**
 * @param value JSON values; members that are `undefined` are left out, as `JSON.stringify` does
 * @throws TypeError for NaN, Infinity, bigint, functions, lone surrogates and `undefined` at the root or in an array
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === 'boolean') return JSON.stringify(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError(`canonical JSON has no ${value}`);
    return JSON.stringify(value);
  }
  if (typeof value === 'string') {
    if (!value.isWellFormed()) throw new TypeError('canonical JSON has no lone surrogates');
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object') {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
      .map(([name, member]) => `${canonicalJson(name)}:${canonicalJson(member)}`);
    return `{${members.join(',')}}`;
  }
  throw new TypeError(`canonical JSON has no ${typeof value}`);
}

/** SHA-256 of bytes, or of a text's UTF-8 bytes, as lower case hexadecimal digits. */
export function sha256Hex(content: Uint8Array | string): Digest {
  return bytesToHex(sha256(typeof content === 'string' ? utf8ToBytes(content) : content)) as Digest;
}

/** SHA-256 of the canonical JSON of a value. */
export function canonicalDigest(value: unknown): Digest {
  return sha256Hex(canonicalJson(value));
}
