/**
 * Proof that a position is in a cohort's tree, or is not: the path from the root to where it is or would be. A proof has one
 * encoding, so none can be changed and still hold:
 *
 * | bytes | |
 * |---|---|
 * | 8 | positions in the tree, big endian |
 * | 2 | depth of the path, big endian: 0 to 256 |
 * | depth / 8, rounded up | a bit for each sibling from the root down, most significant first: 1 where it is not empty; the rest 0 |
 * | 32 each | siblings that are not empty, from the root down |
 * | 1 | what the path ends at: 0 the position's own leaf, 1 nothing, 2 another leaf |
 * | 0 or 32 | the other leaf's position |
 */
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import type { z } from 'zod';
import { base64ToBytes, bytesToBase64 } from './base64.js';
import { bitOf, committedRoot, EMPTY_HASH, leafHash, nodeHash } from './cohortHash.js';
import { refusal } from './errors.js';
import { compareBytes, HASH_BYTES, plainSha256, type Sha256 } from './hashing.js';
import { Base64, type Digest } from './ids.js';
import { COHORT_PATIENTS_MAX } from './limits.js';

const HEAD_BYTES = 10;
const DEPTH_MAX = 8 * HASH_BYTES;
const KINDS = ['own', 'empty', 'other'] as const;
/** Longest proof: of a full path, which only positions that agree in 255 bits have. */
const PROOF_BYTES_MAX = HEAD_BYTES + DEPTH_MAX / 8 + DEPTH_MAX * HASH_BYTES + 1 + HASH_BYTES;

/** A proof in base64. */
export const CohortProof = Base64.max(4 * Math.ceil(PROOF_BYTES_MAX / 3)).brand<'CohortProof'>();
export type CohortProof = z.infer<typeof CohortProof>;

/** What a path ends at: the position's own leaf, nothing, or another leaf whose position begins alike. */
export type PathEnd =
  | Readonly<{ kind: 'own' }>
  | Readonly<{ kind: 'empty' }>
  | Readonly<{ kind: 'other'; position: Uint8Array }>;

/** A proof, read: siblings from the root down, empty ones as 32 zero bytes. */
export type CohortPath = Readonly<{ count: number; siblings: readonly Uint8Array[]; end: PathEnd }>;

export function writeCohortProof({ count, siblings, end }: CohortPath): CohortProof {
  const full = siblings.filter((sibling) => !isEmpty(sibling));
  const other = end.kind === 'other' ? end.position : new Uint8Array(0);
  const mapBytes = Math.ceil(siblings.length / 8);
  const bytes = new Uint8Array(HEAD_BYTES + mapBytes + HASH_BYTES * full.length + 1 + other.length);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(count));
  view.setUint16(8, siblings.length);
  for (const [depth, sibling] of siblings.entries())
    if (!isEmpty(sibling))
      bytes[HEAD_BYTES + (depth >> 3)] = (bytes[HEAD_BYTES + (depth >> 3)] ?? 0) | (0x80 >> (depth & 7));
  let at = HEAD_BYTES + mapBytes;
  for (const sibling of full) {
    bytes.set(sibling, at);
    at += HASH_BYTES;
  }
  bytes[at] = KINDS.indexOf(end.kind);
  bytes.set(other, at + 1);
  return bytesToBase64(bytes) as CohortProof;
}

/** @throws ConsiliumError EVIDENCE_INVALID for anything that `writeCohortProof` does not write */
export function readCohortProof(proof: CohortProof): CohortPath {
  const bytes = proof.length <= 4 * Math.ceil(PROOF_BYTES_MAX / 3) ? base64ToBytes(proof) : undefined;
  if (!bytes || bytes.length < HEAD_BYTES + 1) throw invalid('it is no base64 of one');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const count = Number(view.getBigUint64(0));
  const depth = view.getUint16(8);
  if (count > COHORT_PATIENTS_MAX || depth > DEPTH_MAX) throw invalid('its count or its depth is out of range');
  let at = HEAD_BYTES + Math.ceil(depth / 8);
  const siblings = Array.from({ length: depth }, (_, k) => {
    if (bitOf(bytes.subarray(HEAD_BYTES), k) === 0) return EMPTY_HASH;
    at += HASH_BYTES;
    return bytes.subarray(at - HASH_BYTES, at);
  });
  const kind = KINDS[bytes[at] ?? KINDS.length];
  if (kind === undefined) throw invalid('it is too short, or ends at nothing known');
  const position = bytes.subarray(at + 1);
  const path: CohortPath = { count, siblings, end: kind === 'other' ? { kind, position } : { kind } };
  // Set bits beyond the map's, a wrong length, an empty sibling that is written out: nothing but the one encoding is read.
  if (writeCohortProof(path) !== proof) throw invalid('it is not written in the one way');
  if (kind === 'other' && position.length !== HASH_BYTES) throw invalid('its other position is not 32 bytes');
  return path;
}

/**
 * @param root what the join committed to
 * @throws ConsiliumError EVIDENCE_INVALID for a proof that proves neither: of another tree, count or position, or malformed
 */
export function verifyCohortProof(
  root: Digest,
  position: Digest,
  proof: CohortProof,
  hash: Sha256 = plainSha256,
): 'present' | 'absent' {
  if (!/^[0-9a-f]{64}$/.test(position)) throw invalid('the position is not 64 lower case hexadecimal digits');
  const wanted = hexToBytes(position);
  const { count, siblings, end } = readCohortProof(proof);
  requirePossible(count, siblings, end);
  let node = EMPTY_HASH;
  if (end.kind === 'own') node = leafHash(hash, wanted);
  if (end.kind === 'other') {
    requireNeighbour(wanted, end.position, siblings.length);
    node = leafHash(hash, end.position);
  }
  for (let depth = siblings.length - 1; depth >= 0; depth -= 1) {
    const sibling = siblings[depth] as Uint8Array;
    node = bitOf(wanted, depth) === 0 ? nodeHash(hash, node, sibling) : nodeHash(hash, sibling, node);
  }
  if (bytesToHex(committedRoot(count, node, hash)) !== root) throw invalid('its path does not lead to the root');
  return end.kind === 'own' ? 'present' : 'absent';
}

/** What no tree has: fewer positions than the path shows, or a path that goes on below a subtree of one leaf. */
function requirePossible(count: number, siblings: readonly Uint8Array[], { kind }: PathEnd): void {
  const last = siblings.at(-1);
  if (last && isEmpty(last)) throw invalid('its path goes on below a single leaf');
  // Beside an empty end stands a subtree of two leaves at least, or the end would not be there.
  const leaves = siblings.filter((sibling) => !isEmpty(sibling)).length + (kind === 'empty' && !last ? 0 : 1);
  const alone = !last && count !== leaves;
  if (count < leaves || alone) throw invalid('its path does not fit its count');
}

/** Another leaf proves absence only where it stands in the position's own way. */
function requireNeighbour(wanted: Uint8Array, other: Uint8Array, depth: number): void {
  if (compareBytes(wanted, other) === 0) throw invalid('the other leaf is the position itself');
  for (let k = 0; k < depth; k += 1)
    if (bitOf(wanted, k) !== bitOf(other, k)) throw invalid('the other leaf stands elsewhere');
}

function isEmpty(hash: Uint8Array): boolean {
  return hash.every((byte) => byte === 0);
}

function invalid(problem: string) {
  return refusal('EVIDENCE_INVALID', { problem: `a cohort proof: ${problem}` });
}
