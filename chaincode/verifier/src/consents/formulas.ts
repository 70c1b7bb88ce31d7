/** The formulas that tie the ledger to what a hospital keeps, computed here anew. ‖ joins bytes; hexadecimal is decoded first. */
import { type ConsentContent, tenDigits } from '@consilium/domain';
import { canonicalText } from '../wire/canonicalText.js';
import { sha256 } from '../wire/sha256.js';

const [LEAF, NODE, POSITION, COHORT, COMMITMENT, SUBJECT] = [0, 1, 2, 3, 4, 5].map((byte) => Buffer.of(byte)) as [
  Buffer,
  Buffer,
  Buffer,
  Buffer,
  Buffer,
  Buffer,
];
const bytesOf = (hex: string) => Buffer.from(hex, 'hex');
const COUNT_BYTES = 8;

/** SHA-256(0x05 ‖ salt ‖ patient number). */
export function subjectOf(salt: string, patient: string): string {
  return sha256(SUBJECT, bytesOf(salt), Buffer.from(patient)).toString('hex');
}

/** SHA-256(0x04 ‖ salt ‖ SHA-256(canonical JSON of the content)). */
export function commitmentOf(salt: string, content: ConsentContent): string {
  return sha256(COMMITMENT, bytesOf(salt), sha256(Buffer.from(canonicalText(content)))).toString('hex');
}

/** SHA-256(0x02 ‖ salt ‖ ref ‖ study ‖ ten digits of the round). */
export function positionOf(salt: string, ref: string, study: string, round: number): string {
  const parts = [bytesOf(salt), bytesOf(ref), Buffer.from(study), Buffer.from(tenDigits(round))];
  return sha256(POSITION, ...parts).toString('hex');
}

export function leafOf(content: Uint8Array): Buffer {
  return sha256(LEAF, content);
}

export function nodeOf(left: Uint8Array, right: Uint8Array): Buffer {
  return sha256(NODE, left, right);
}

/** Root of a list of leaves' hashes after RFC 6962, section 2.1; there is one leaf at least. */
export function listRoot(leaves: readonly Buffer[]): Buffer {
  const [first] = leaves;
  if (leaves.length === 1 && first) return first;
  let half = 1;
  while (half * 2 < leaves.length) half *= 2;
  return nodeOf(listRoot(leaves.slice(0, half)), listRoot(leaves.slice(half)));
}

/** Leaf of an event that is kept at home. */
export function eventLeaf(event: unknown): Buffer {
  return leafOf(Buffer.from(canonicalText(event)));
}

/** SHA-256(0x03 ‖ count ‖ root): what a join commits to. */
export function committedRoot(count: number, root: Uint8Array): string {
  const size = Buffer.alloc(COUNT_BYTES);
  size.writeBigUInt64BE(BigInt(count));
  return sha256(COHORT, size, root).toString('hex');
}

/**
 * Root of a cohort's tree over all its positions: bits from the most significant on, a subtree of one leaf is that leaf, an
 * empty one 32 zero bytes.
 * @param positions each once, in ascending order
 */
export function cohortRoot(positions: readonly string[]): Buffer {
  return subtree(positions.map(bytesOf), 0);
}

function subtree(positions: readonly Buffer[], depth: number): Buffer {
  const [first] = positions;
  if (!first) return Buffer.alloc(32);
  if (positions.length === 1) return leafOf(first);
  const split = positions.findIndex((position) => bitOf(position, depth) === 1);
  const at = split < 0 ? positions.length : split;
  return nodeOf(subtree(positions.slice(0, at), depth + 1), subtree(positions.slice(at), depth + 1));
}

/** The bit of a position at a depth, the root's being 0. */
export function bitOf(position: Buffer, depth: number): 0 | 1 {
  return (((position[depth >> 3] as number) >> (7 - (depth & 7))) & 1) as 0 | 1;
}
