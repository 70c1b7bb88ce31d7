import { createHash } from 'node:crypto';
import {
  type CohortProof,
  CohortTree,
  type Digest,
  type MerkleProof,
  merkleProof,
  merkleRoot,
  sha256Hex,
  verifyCohortProof,
  verifyMerkleProof,
} from '@consilium/domain';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

/** Random positions, and positions that agree in many of their first bits. */
const position = fc
  .oneof(
    fc.uint8Array({ minLength: 32, maxLength: 32 }),
    fc.tuple(fc.nat({ max: 31 }), fc.nat({ max: 255 })).map(([at, byte]) => {
      const bytes = new Uint8Array(32);
      bytes[at] = byte;
      return bytes;
    }),
  )
  .map((bytes) => Buffer.from(bytes).toString('hex') as Digest);
const positions = fc.uniqueArray(position, { maxLength: 60 });
const node = (content: Uint8Array) => createHash('sha256').update(content).digest();

function isRefused(root: Digest, of: Digest, proof: CohortProof): boolean {
  try {
    verifyCohortProof(root, of, proof, node);
    return false;
  } catch (error) {
    return (error as { code?: string }).code === 'EVIDENCE_INVALID';
  }
}

describe('a cohort tree of any positions', () => {
  test('proves for any position what is true, and the contrary for none', () => {
    fc.assert(
      fc.property(positions, position, (members, other) => {
        const tree = CohortTree.of(members, node);
        for (const each of [...members, other]) {
          const isMember = members.includes(each);
          expect(tree.has(each)).toBe(isMember);
          expect(verifyCohortProof(tree.root, each, tree.prove(each), node)).toBe(isMember ? 'present' : 'absent');
        }
      }),
      { numRuns: 200 },
    );
  });

  test('has a root of its own: no proof holds in another', () => {
    fc.assert(
      fc.property(positions, positions, position, (some, others, each) => {
        const [tree, other] = [CohortTree.of(some, node), CohortTree.of(others, node)];
        const isSame = some.length === others.length && some.every((one) => others.includes(one));
        expect(tree.root === other.root).toBe(isSame);
        if (!isSame) expect(isRefused(other.root, each, tree.prove(each))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test('has one proof of each position: no other bytes hold', () => {
    fc.assert(
      fc.property(positions, position, fc.nat(), fc.nat({ max: 255 }), (members, each, at, byte) => {
        const tree = CohortTree.of(members, node);
        const bytes = Buffer.from(tree.prove(each), 'base64');
        const place = at % bytes.length;
        fc.pre(bytes[place] !== byte);
        bytes[place] = byte;
        expect(isRefused(tree.root, each, bytes.toString('base64') as CohortProof)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test('refuses anything that is no proof, and nothing else happens', () => {
    const text = fc.oneof(fc.string(), fc.base64String({ maxLength: 3_000 }), fc.string({ unit: 'binary' }));
    fc.assert(
      fc.property(text, position, (proof, each) => {
        expect(isRefused(CohortTree.of([]).root, each, proof as CohortProof)).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('a Merkle tree over any list', () => {
  const contents = fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 70 });
  const holds = (root: Digest, leaf: Digest, proof: MerkleProof) => {
    try {
      verifyMerkleProof(root, leaf, proof, node);
      return true;
    } catch {
      return false;
    }
  };

  test('proves each of its leaves at its own place, and no other leaf there', () => {
    fc.assert(
      fc.property(contents, fc.nat(), fc.nat(), fc.nat(), (list, pick, elsewhere, count) => {
        const leaves = list.map((each) => sha256Hex(each));
        const root = merkleRoot(leaves, node);
        const index = pick % leaves.length;
        const leaf = leaves[index] as Digest;
        const proof = merkleProof(leaves, index, node);
        expect(holds(root, leaf, proof)).toBe(true);
        expect(holds(root, sha256Hex('another'), proof)).toBe(false);
        const other = elsewhere % leaves.length;
        if (other !== index) expect(holds(root, leaf, { ...proof, index: other })).toBe(false);
        // A batch's count stands on the channel beside its root, so a proof is judged by that one alone.
        const path = proof.path.toSpliced(count % (proof.path.length + 1), 1, sha256Hex('a node'));
        expect(holds(root, leaf, { ...proof, path })).toBe(false);
      }),
      { numRuns: 500 },
    );
  });
});
