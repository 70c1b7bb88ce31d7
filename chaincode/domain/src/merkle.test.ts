import { describe, expect, test } from '@jest/globals';
import { hexToBytes } from '@noble/hashes/utils.js';
import { sha256Hex } from './canonicalJson.js';
import type { Digest } from './ids.js';
import { consentLeaf, merkleLeaf, merkleProof, merkleRoot, verifyMerkleProof } from './merkle.js';
import { exampleInput } from './testing/exampleConsent.js';

/** Leaves and the roots of the first 1, 2 … 8 of them: the reference test data of Certificate Transparency (RFC 6962). */
const CONTENTS = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
const ROOTS = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];
const LEAVES = CONTENTS.map((content) => merkleLeaf(hexToBytes(content)));

describe('a Merkle tree over a list', () => {
  test('has the roots of Certificate Transparency', () => {
    expect(LEAVES.map((_, k) => merkleRoot(LEAVES.slice(0, k + 1)))).toEqual(ROOTS);
  });

  test('proves each leaf of a list of each length, and no other', () => {
    for (let count = 1; count <= LEAVES.length; count += 1) {
      const leaves = LEAVES.slice(0, count);
      const root = merkleRoot(leaves);
      for (let index = 0; index < count; index += 1) {
        const proof = merkleProof(leaves, index);
        verifyMerkleProof(root, leaves[index] as Digest, proof);
        for (const [k, leaf] of LEAVES.entries())
          if (k !== index) expect(() => verifyMerkleProof(root, leaf, proof)).toThrow(/^EVIDENCE_INVALID/);
        for (let other = 0; other < count; other += 1)
          if (other !== index)
            expect(() => verifyMerkleProof(root, leaves[index] as Digest, { ...proof, index: other })).toThrow(
              /^EVIDENCE_INVALID/,
            );
      }
    }
  });

  test('has no proof of another length, of another count, or in other digits', () => {
    const proof = merkleProof(LEAVES, 5);
    const leaf = LEAVES[5] as Digest;
    const root = ROOTS[7] as Digest;
    const upper = (proof.path[0] as string).toUpperCase() as Digest;
    const wrong = [
      { ...proof, path: proof.path.slice(1) },
      { ...proof, path: proof.path.slice(0, -1) },
      { ...proof, path: [...proof.path, sha256Hex('more')] },
      { ...proof, path: [upper, ...proof.path.slice(1)] },
      { ...proof, path: proof.path.toReversed() },
      { ...proof, count: 5 },
      { ...proof, count: 3 },
      { ...proof, count: 100 },
      { ...proof, index: -1 },
      { ...proof, index: 0.5 },
      { ...proof, count: Number.NaN },
    ];
    for (const each of wrong) expect(() => verifyMerkleProof(root, leaf, each)).toThrow(/^EVIDENCE_INVALID/);
    expect(() => verifyMerkleProof(ROOTS[6] as Digest, leaf, proof)).toThrow(/does not lead to the root/);
  });

  test('takes no inner node for a leaf', () => {
    const inner = merkleRoot(LEAVES.slice(0, 2));
    const proof = { index: 0, count: 2, path: [merkleRoot(LEAVES.slice(2, 4))] };
    // The same hashes are a tree of two nodes, but what was hashed as a node never is the hash of a leaf's content.
    expect(() => verifyMerkleProof(ROOTS[3] as Digest, merkleLeaf(hexToBytes(inner)), proof)).toThrow(
      /^EVIDENCE_INVALID/,
    );
  });

  test('has neither a root nor a proof of nothing', () => {
    expect(() => merkleRoot([])).toThrow(RangeError);
    expect(() => merkleProof([], 0)).toThrow(RangeError);
    expect(() => merkleProof(LEAVES, 8)).toThrow(RangeError);
  });
});

test('the leaf of a consent event is over its canonical JSON', () => {
  const event = exampleInput();
  const reordered = Object.fromEntries(Object.entries(event).reverse()) as typeof event;
  expect(consentLeaf(reordered)).toBe(consentLeaf(event));
  expect(consentLeaf({ ...event, seq: 1 })).not.toBe(consentLeaf(event));
});
