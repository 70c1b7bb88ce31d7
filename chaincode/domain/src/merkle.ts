/**
 * Merkle trees over lists, RFC 6962 section 2.1 (paths and their check: RFC 9162, sections 2.1.3.1 and 2.1.3.2). For batches of
 * consent events whose root alone stands on the channel.
 */
import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { canonicalJson } from './canonicalJson.js';
import type { ConsentEventInput } from './consent.js';
import { refusal } from './errors.js';
import { HASH_PREFIX, plainSha256, prefixedHash, type Sha256 } from './hashing.js';
import type { Digest } from './ids.js';

/** What proves that a leaf stands at a place of a list. */
export type MerkleProof = Readonly<{
  /** From 0. */
  index: number;
  /** Leaves of the whole list. */
  count: number;
  /** Hashes beside the way from the leaf up to the root. */
  path: readonly Digest[];
}>;

/** Hash of a leaf: SHA-256(0x00 ‖ content). */
export function merkleLeaf(content: Uint8Array, hash: Sha256 = plainSha256): Digest {
  return bytesToHex(prefixedHash(hash, HASH_PREFIX.leaf, content)) as Digest;
}

/** Leaf of a consent event that is kept at home: over its canonical JSON. */
export function consentLeaf(event: ConsentEventInput, hash: Sha256 = plainSha256): Digest {
  return merkleLeaf(utf8ToBytes(canonicalJson(event)), hash);
}

/**
 * Root of a list of leaves' hashes.
 * @throws RangeError for an empty list: a batch has one event at least
 */
export function merkleRoot(leaves: readonly Digest[], hash: Sha256 = plainSha256): Digest {
  if (leaves.length === 0) throw new RangeError('no root of no leaves');
  return bytesToHex(rootOf(leaves.map(hexToBytes), hash)) as Digest;
}

/** @throws RangeError where the list has no such leaf */
export function merkleProof(leaves: readonly Digest[], index: number, hash: Sha256 = plainSha256): MerkleProof {
  if (!Number.isSafeInteger(index) || index < 0 || index >= leaves.length)
    throw new RangeError(`no leaf ${index} of ${leaves.length}`);
  let nodes: readonly Uint8Array[] = leaves.map(hexToBytes);
  let at = index;
  const path: Digest[] = [];
  while (nodes.length > 1) {
    const sibling = nodes[at ^ 1];
    if (sibling) path.push(bytesToHex(sibling) as Digest);
    nodes = nextLevel(nodes, hash);
    at >>>= 1;
  }
  return { index, count: leaves.length, path };
}

/** @throws ConsiliumError EVIDENCE_INVALID unless the leaf stands at that place of the list with this root */
export function verifyMerkleProof(
  root: Digest,
  leaf: Digest,
  { index, count, path }: MerkleProof,
  hash: Sha256 = plainSha256,
): void {
  if (!Number.isSafeInteger(count) || !Number.isSafeInteger(index) || index < 0 || index >= count)
    throw invalid(`there is no leaf ${index} of ${count}`);
  let [at, last] = [index, count - 1];
  let node = digestBytes(leaf);
  for (const each of path) {
    if (last === 0) throw invalid('its path is too long');
    const sibling = digestBytes(each);
    if (at % 2 === 1 || at === last) {
      node = prefixedHash(hash, HASH_PREFIX.node, sibling, node);
      while (at % 2 === 0 && at !== 0) [at, last] = [half(at), half(last)];
    } else node = prefixedHash(hash, HASH_PREFIX.node, node, sibling);
    [at, last] = [half(at), half(last)];
  }
  if (last !== 0) throw invalid('its path is too short');
  if (bytesToHex(node) !== root) throw invalid('its path does not lead to the root');
}

/** Pairs from the left, a last odd one goes up as it is: the same root as splitting at the largest power of two. */
function rootOf(leaves: readonly Uint8Array[], hash: Sha256): Uint8Array {
  let nodes = leaves;
  while (nodes.length > 1) nodes = nextLevel(nodes, hash);
  return nodes[0] as Uint8Array;
}

function nextLevel(nodes: readonly Uint8Array[], hash: Sha256): Uint8Array[] {
  const next: Uint8Array[] = [];
  for (let k = 0; k < nodes.length; k += 2) {
    const [left, right] = [nodes[k] as Uint8Array, nodes[k + 1]];
    next.push(right ? prefixedHash(hash, HASH_PREFIX.node, left, right) : left);
  }
  return next;
}

/** Counts beyond 2^31 have no bit operations. */
const half = (count: number) => Math.floor(count / 2);

function digestBytes(text: Digest): Uint8Array {
  if (!/^[0-9a-f]{64}$/.test(text)) throw invalid('a hash of it is not 64 lower case hexadecimal digits');
  return hexToBytes(text);
}

function invalid(problem: string) {
  return refusal('EVIDENCE_INVALID', { problem: `a Merkle proof: ${problem}` });
}
