/**
 * Proof that a position is in a cohort's tree, or is not. Bytes: 8 count, 2 depth, a bit for each sibling from the root down
 * that is not empty, those siblings, then what the path ends at: 0 the position's own leaf, 1 nothing, 2 another leaf and
 * its position.
 */
import { must } from '../doubt.js';
import { bitOf, committedRoot, leafOf, nodeOf } from './formulas.js';

const HASH_BYTES = 32;
const HEAD_BYTES = 10;
const DEPTH_MAX = 256;
const EMPTY = Buffer.alloc(HASH_BYTES);
const [OWN, NOTHING, OTHER] = [0, 1, 2];

/** @throws Doubt where it proves neither */
export function provenIn(root: string, position: Buffer, proof: Buffer): 'present' | 'absent' {
  must(proof.length > HEAD_BYTES, 'a proof that is cut off');
  const count = Number(proof.readBigUInt64BE(0));
  const depth = proof.readUInt16BE(8);
  must(depth <= DEPTH_MAX, 'a proof that is too deep');
  const map = proof.subarray(HEAD_BYTES, HEAD_BYTES + Math.ceil(depth / 8));
  let at = HEAD_BYTES + map.length;
  const siblings: Buffer[] = [];
  for (let k = 0; k < 8 * map.length; k++) {
    const isThere = bitOf(map, k) === 1;
    must(k < depth || !isThere, 'a proof with a sibling below its end');
    if (k >= depth) continue;
    siblings.push(isThere ? proof.subarray(at, at + HASH_BYTES) : EMPTY);
    must(
      !isThere || (at + HASH_BYTES <= proof.length && !proof.subarray(at, at + HASH_BYTES).equals(EMPTY)),
      'a proof that is cut off',
    );
    if (isThere) at += HASH_BYTES;
  }
  const end = proof[at];
  const other = proof.subarray(at + 1);
  must(end === OWN || end === NOTHING || end === OTHER, 'a proof that ends at nothing known');
  must(other.length === (end === OTHER ? HASH_BYTES : 0), 'a proof of a wrong length');
  if (end === OTHER) {
    must(!other.equals(position), 'a proof of absence that shows the position itself');
    for (let k = 0; k < depth; k++) must(bitOf(other, k) === bitOf(position, k), 'the other leaf stands elsewhere');
  }
  let node = end === NOTHING ? EMPTY : leafOf(end === OWN ? position : other);
  for (let k = depth - 1; k >= 0; k--) {
    const sibling = siblings[k] as Buffer;
    node = bitOf(position, k) === 0 ? nodeOf(node, sibling) : nodeOf(sibling, node);
  }
  must(committedRoot(count, node) === root, 'its path does not lead to the root that was committed to');
  return end === OWN ? 'present' : 'absent';
}
