/**
 * The tree that a join's cohort commitment is the root of: a compressed sparse Merkle tree over positions, so that presence
 * and absence are one path each. Leaf SHA-256(0x00 ‖ position), node SHA-256(0x01 ‖ left ‖ right), an empty subtree 32 zero
 * bytes, a subtree of one leaf that leaf; bits from the most significant on. Committed is SHA-256(0x03 ‖ count as 8 bytes,
 * big endian ‖ root). It proves what was committed to, not what was trained on.
 */
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { bitOf, committedRoot, EMPTY_HASH, leafHash, nodeHash } from './cohortHash.js';
import { type CohortProof, type PathEnd, writeCohortProof } from './cohortProof.js';
import { HASH_BYTES, plainSha256, type Sha256 } from './hashing.js';
import type { Digest } from './ids.js';
import { COHORT_PATIENTS_MAX } from './limits.js';

/** Number of the node that stands for an empty subtree. */
const EMPTY = -1;
/** What a leaf has instead of children. */
const NO_CHILD = -2;

export class CohortTree {
  /** What a join commits to. */
  readonly root: Digest;
  /** Positions in the tree. */
  readonly count: number;
  readonly #hash: Sha256;
  /** Sorted, in hexadecimal digits. */
  readonly #sorted: readonly Digest[];
  /** The same in bytes, one after the other. */
  readonly #positions: Uint8Array;
  /** Hashes of nodes by number, 32 bytes each. */
  #hashes = new Uint8Array(0);
  /** Left and right child of each node by number. */
  #children = new Int32Array(0);
  #nodes = 0;
  readonly #top: number;

  private constructor(sorted: readonly Digest[], hash: Sha256) {
    this.#sorted = sorted;
    this.#positions = new Uint8Array(sorted.length * HASH_BYTES);
    for (const [k, position] of sorted.entries()) this.#positions.set(hexToBytes(position), k * HASH_BYTES);
    this.#hash = hash;
    this.count = sorted.length;
    this.#grow(2 * this.count + 1);
    this.#top = this.#build(0, this.count, 0);
    this.root = bytesToHex(committedRoot(this.count, this.#hashOf(this.#top), hash)) as Digest;
  }

  /**
   * @param positions 64 lower case hexadecimal digits each, in any order
   * @throws RangeError for what is no position, for one that stands twice, and for more than COHORT_PATIENTS_MAX
   */
  static of(positions: Iterable<Digest>, hash: Sha256 = plainSha256): CohortTree {
    const sorted = [...positions].sort();
    if (sorted.length > COHORT_PATIENTS_MAX) throw new RangeError(`more than ${COHORT_PATIENTS_MAX} positions`);
    for (const [k, position] of sorted.entries()) {
      requirePosition(position);
      if (position === sorted[k - 1]) throw new RangeError('a position stands twice');
    }
    return new CohortTree(sorted, hash);
  }

  has(position: Digest): boolean {
    return this.#sorted[this.#search(position)] === position;
  }

  /**
   * Proves that the position is in the tree, or that it is not: whichever is true.
   * @throws RangeError for what is no position
   */
  prove(position: Digest): CohortProof {
    requirePosition(position);
    const bytes = hexToBytes(position);
    const siblings: Uint8Array[] = [];
    let [node, from, to] = [this.#top, 0, this.count];
    while (node !== EMPTY && this.#children[2 * node] !== NO_CHILD) {
      const depth = siblings.length;
      const bit = bitOf(bytes, depth);
      const split = this.#split(from, to, depth);
      [from, to] = bit === 0 ? [from, split] : [split, to];
      siblings.push(this.#hashOf(this.#children[2 * node + 1 - bit] as number));
      node = this.#children[2 * node + bit] as number;
    }
    return writeCohortProof({ count: this.count, siblings, end: this.#endOf(node, from, position) });
  }

  #endOf(node: number, from: number, position: Digest): PathEnd {
    if (node === EMPTY) return { kind: 'empty' };
    return this.#sorted[from] === position ? { kind: 'own' } : { kind: 'other', position: this.#position(from) };
  }

  /** The subtree of positions `from` to `to` (without), all alike in their first `depth` bits. */
  #build(from: number, to: number, depth: number): number {
    if (from === to) return EMPTY;
    if (to - from === 1) return this.#add(leafHash(this.#hash, this.#position(from)), NO_CHILD, NO_CHILD);
    const split = this.#split(from, to, depth);
    const left = this.#build(from, split, depth + 1);
    const right = this.#build(split, to, depth + 1);
    return this.#add(nodeHash(this.#hash, this.#hashOf(left), this.#hashOf(right)), left, right);
  }

  #add(hash: Uint8Array, left: number, right: number): number {
    if (2 * this.#nodes === this.#children.length) this.#grow(2 * this.#nodes);
    const node = this.#nodes;
    this.#hashes.set(hash, node * HASH_BYTES);
    this.#children[2 * node] = left;
    this.#children[2 * node + 1] = right;
    this.#nodes += 1;
    return node;
  }

  #grow(nodes: number): void {
    const [hashes, children] = [new Uint8Array(nodes * HASH_BYTES), new Int32Array(2 * nodes)];
    hashes.set(this.#hashes);
    children.set(this.#children);
    this.#hashes = hashes;
    this.#children = children;
  }

  #hashOf(node: number): Uint8Array {
    if (node === EMPTY) return EMPTY_HASH;
    return this.#hashes.subarray(node * HASH_BYTES, (node + 1) * HASH_BYTES);
  }

  #position(index: number): Uint8Array {
    return this.#positions.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES);
  }

  /** The first of these positions whose bit at this depth is 1; `to`: none. */
  #split(from: number, to: number, depth: number): number {
    let [low, high] = [from, to];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (bitOf(this.#positions, middle * 8 * HASH_BYTES + depth) === 1) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** Where the position stands, or would. */
  #search(position: Digest): number {
    let [low, high] = [0, this.count];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#sorted[middle] as Digest) < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function requirePosition(position: string): void {
  if (!/^[0-9a-f]{64}$/.test(position)) throw new RangeError('a position has 64 lower case hexadecimal digits');
}
