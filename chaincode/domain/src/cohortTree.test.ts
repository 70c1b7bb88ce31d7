import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { type CohortProof, readCohortProof, verifyCohortProof, writeCohortProof } from './cohortProof.js';
import { CohortTree } from './cohortTree.js';
import type { Digest } from './ids.js';

const sha256 = (...parts: readonly Uint8Array[]) => createHash('sha256').update(Buffer.concat(parts)).digest();
const hex = (text: string) => Buffer.from(text, 'hex');
const positionOf = (name: string | number) => sha256(Buffer.from(`position ${name}`)).toString('hex') as Digest;
const positionsOf = (count: number) => Array.from({ length: count }, (_, k) => positionOf(k));
/** A position that begins with these bits, then zeros. */
const withBits = (bits: string) =>
  BigInt(`0b${bits.padEnd(256, '0')}`)
    .toString(16)
    .padStart(64, '0') as Digest;

/** The root by the words of its definition, bit by bit, in another way than the code's. */
function rootByDefinition(positions: readonly Digest[], depth = 0): Buffer {
  const [only] = positions;
  if (only === undefined) return Buffer.alloc(32);
  if (positions.length === 1) return sha256(hex('00'), hex(only));
  const bit = (position: Digest) => (BigInt(`0x${position}`) >> BigInt(255 - depth)) & 1n;
  const half = (wanted: bigint) =>
    rootByDefinition(
      positions.filter((each) => bit(each) === wanted),
      depth + 1,
    );
  return sha256(hex('01'), half(0n), half(1n));
}

function committedByDefinition(positions: readonly Digest[]): string {
  const count = hex(positions.length.toString(16).padStart(16, '0'));
  return sha256(hex('03'), count, rootByDefinition(positions)).toString('hex');
}

describe('a cohort tree', () => {
  const close = [withBits('0'), withBits(`${'0'.repeat(255)}1`), withBits(`${'0'.repeat(200)}1`)];
  test.each([
    ['no position', []],
    ['one', positionsOf(1)],
    ['two', positionsOf(2)],
    ['three that agree in 200 to 255 bits', close],
    ['a thousand', positionsOf(1_000)],
    ['a thousand and the close ones', [...positionsOf(1_000), ...close]],
  ])('of %s has the root of its definition, and proves what is in it and what is not', (_, positions) => {
    const tree = CohortTree.of(positions);
    expect(tree.root).toBe(committedByDefinition(positions));
    expect(tree.count).toBe(positions.length);
    for (const position of positions.slice(0, 200)) {
      expect(tree.has(position)).toBe(true);
      expect(verifyCohortProof(tree.root, position, tree.prove(position))).toBe('present');
    }
    const others = [...Array.from({ length: 200 }, (_, k) => positionOf(-1 - k)), withBits(`${'0'.repeat(254)}1`)];
    for (const position of others) {
      expect(tree.has(position)).toBe(false);
      expect(verifyCohortProof(tree.root, position, tree.prove(position))).toBe('absent');
    }
  });

  test('does not depend on the order of positions, nor on who hashes', () => {
    const positions = positionsOf(100);
    const node = (content: Uint8Array) => sha256(content);
    expect(CohortTree.of(positions.toReversed(), node).root).toBe(CohortTree.of(positions).root);
  });

  test.each([
    ['a position that stands twice', [positionOf(1), positionOf(2), positionOf(1)]],
    ['capital digits', [positionOf(1).toUpperCase()]],
    ['a short one', [positionOf(1).slice(2)]],
  ])('refuses %s', (_, positions) => {
    expect(() => CohortTree.of(positions as Digest[])).toThrow(RangeError);
  });

  test('has a root of its own for each count of the same tree', () => {
    expect(CohortTree.of([]).root).not.toBe('00'.repeat(32));
    expect(CohortTree.of(positionsOf(1)).root).not.toBe(CohortTree.of(positionsOf(2)).root);
  });
});

describe('a cohort proof', () => {
  const positions = positionsOf(100);
  const tree = CohortTree.of(positions);
  const member = positions[0] as Digest;
  const stranger = positionOf('a stranger');
  const refused = (position: Digest, proof: CohortProof, root = tree.root) =>
    expect(() => verifyCohortProof(root, position, proof)).toThrow(/^EVIDENCE_INVALID: .*a cohort proof: /);

  test('has at most 1 KB, and is read as it was written', () => {
    for (const position of [...positions, stranger]) {
      const proof = tree.prove(position);
      expect(Buffer.from(proof, 'base64').length).toBeLessThanOrEqual(1024);
      expect(writeCohortProof(readCohortProof(proof))).toBe(proof);
    }
  });

  test('is of its own position and tree alone', () => {
    refused(stranger, tree.prove(member));
    refused(positions[1] as Digest, tree.prove(member));
    refused(member, tree.prove(stranger));
    refused(member, tree.prove(member), CohortTree.of(positions.slice(1)).root);
    refused(member, tree.prove(member), CohortTree.of([...positions, stranger]).root);
  });

  test('of a member never becomes one of absence, by whatever ending', () => {
    const path = readCohortProof(tree.prove(member));
    refused(member, writeCohortProof({ ...path, end: { kind: 'empty' } }));
    refused(member, writeCohortProof({ ...path, end: { kind: 'other', position: hex(member) } }));
    refused(member, writeCohortProof({ ...path, end: { kind: 'other', position: hex(positions[1] as Digest) } }));
    for (let depth = 0; depth < path.siblings.length; depth += 1)
      refused(member, writeCohortProof({ ...path, siblings: path.siblings.slice(0, depth), end: { kind: 'empty' } }));
  });

  test('of absence never becomes one of presence', () => {
    const path = readCohortProof(tree.prove(stranger));
    refused(stranger, writeCohortProof({ ...path, end: { kind: 'own' } }));
  });

  test('does not hold with one bit changed, cut off or added, nor in other digits', () => {
    for (const position of [member, stranger]) {
      const bytes = Buffer.from(tree.prove(position), 'base64');
      const written = (changed: Buffer) => changed.toString('base64') as CohortProof;
      for (let bit = 0; bit < 8 * bytes.length; bit += 1) {
        const changed = Buffer.from(bytes);
        changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
        refused(position, written(changed));
      }
      for (let length = 0; length < bytes.length; length += 1) refused(position, written(bytes.subarray(0, length)));
      for (const more of [1, 32]) refused(position, written(Buffer.concat([bytes, Buffer.alloc(more)])));
      refused(position, `${tree.prove(position)}\n` as CohortProof);
    }
  });

  test('has no count that its path could not be of', () => {
    const path = readCohortProof(tree.prove(member));
    for (const count of [0, 1, path.siblings.length]) refused(member, writeCohortProof({ ...path, count }));
    const alone = CohortTree.of([member]);
    const lone = readCohortProof(alone.prove(member));
    // A root that says two of one leaf: a hospital that counts a patient twice.
    const twice = sha256(hex('03'), hex('0000000000000002'), sha256(hex('00'), hex(member))).toString('hex') as Digest;
    refused(member, writeCohortProof({ ...lone, count: 2 }), twice);
  });

  test('shows no path that goes on below one leaf, as a tree would that is not compressed', () => {
    const leaf = sha256(hex('00'), hex(member));
    const first = (hex(member)[0] as number) >> 7;
    const node = first === 0 ? sha256(hex('01'), leaf, Buffer.alloc(32)) : sha256(hex('01'), Buffer.alloc(32), leaf);
    const root = sha256(hex('03'), hex('0000000000000001'), node).toString('hex') as Digest;
    refused(member, writeCohortProof({ count: 1, siblings: [Buffer.alloc(32)], end: { kind: 'own' } }), root);
  });

  test('of a patient that was put elsewhere in the tree does not show absence for the true root', () => {
    // The hospital puts its member's leaf at another position's place: that root is of other positions.
    const elsewhere = CohortTree.of([...positions.slice(1), positionOf('another salt')]);
    expect(elsewhere.root).not.toBe(tree.root);
    expect(verifyCohortProof(elsewhere.root, member, elsewhere.prove(member))).toBe('absent');
    refused(member, elsewhere.prove(member));
  });
});
