/** Two implementations on purpose: they must come to the same. */
import {
  CohortTree,
  ConsentEventInput,
  type ConsentRef,
  type ConsentSalt,
  cohortPosition,
  consentCommitment,
  consentLeaf,
  consentSubject,
  type Digest,
  merkleProof,
  merkleRoot,
  type StudyId,
} from '@consilium/domain';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { provenIn } from './cohortProof.js';
import { cohortRoot, commitmentOf, committedRoot, eventLeaf, listRoot, positionOf, subjectOf } from './formulas.js';
import { rootAlong } from './homeEvents.js';

const hex = (bytes: number) =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((each) => Buffer.from(each).toString('hex'));
const digest = hex(32) as fc.Arbitrary<Digest>;
/** Positions that begin alike too, so that paths become long. */
const positions = fc.uniqueArray(
  fc.oneof(
    digest,
    hex(2).map((end) => `${'00'.repeat(30)}${end}` as Digest),
  ),
  { maxLength: 40 },
);

describe('formulas', () => {
  test('of commitments and positions are those of the domain', () => {
    fc.assert(
      fc.property(digest, hex(16), fc.string({ unit: 'grapheme' }), fc.nat(9_999), (salt, ref, patient, round) => {
        const content = { ref, note: patient } as never;
        expect(commitmentOf(salt, content)).toBe(consentCommitment(salt as string as ConsentSalt, content));
        expect(subjectOf(salt, patient)).toBe(consentSubject(salt as string as ConsentSalt, patient));
        expect(positionOf(salt, ref, 'heart', round)).toBe(
          cohortPosition(salt as string as ConsentSalt, ref as ConsentRef, 'heart' as StudyId, round),
        );
      }),
    );
  });

  test('of a cohort’s tree are those of the domain, and its proofs prove the same here', () => {
    fc.assert(
      fc.property(positions, digest, (members, other) => {
        const tree = CohortTree.of(members);
        expect(committedRoot(members.length, cohortRoot([...members].sort()))).toBe(tree.root);
        for (const position of [...members.slice(0, 5), other]) {
          const proof = Buffer.from(tree.prove(position), 'base64');
          const expected = members.includes(position) ? 'present' : 'absent';
          expect(provenIn(tree.root, Buffer.from(position, 'hex'), proof)).toBe(expected);
        }
      }),
    );
  });

  test('a cohort’s proof proves nothing of another position, nor with any bit changed', () => {
    const members = Array.from({ length: 9 }, (_, k) =>
      positionOf('ab'.repeat(32), `${k}`.padStart(32, '0'), 'heart', 1),
    );
    const tree = CohortTree.of(members as Digest[]);
    const [first, second] = members as [string, string];
    const proof = Buffer.from(tree.prove(first as Digest), 'base64');
    expect(() => provenIn(tree.root, Buffer.from(second, 'hex'), proof)).toThrow();
    for (let bit = 0; bit < 8 * proof.length; bit++) {
      const changed = Buffer.from(proof);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(() => provenIn(tree.root, Buffer.from(first, 'hex'), changed)).toThrow();
    }
  });

  test('of a batch’s tree are those of the domain, and its paths lead to the same root', () => {
    fc.assert(
      fc.property(fc.array(digest, { minLength: 1, maxLength: 40 }), fc.nat(), (leaves, place) => {
        const index = place % leaves.length;
        const hashes = leaves.map((leaf) => Buffer.from(leaf, 'hex'));
        expect(listRoot(hashes).toString('hex')).toBe(merkleRoot(leaves));
        const { path } = merkleProof(leaves, index);
        expect(rootAlong(hashes[index] as Buffer, index, leaves.length, path).toString('hex')).toBe(merkleRoot(leaves));
      }),
    );
  });

  test('an event’s leaf is that of the domain', () => {
    const event = ConsentEventInput.parse({
      ref: '0'.repeat(32),
      seq: 0,
      kind: 'grant',
      commitment: '1'.repeat(64),
      codes: [],
      policyVersion: 1,
      validFrom: null,
      validTo: null,
      effectiveFrom: 1,
      meaning: 'recorded',
      reason: 'patient-asked',
    });
    expect(eventLeaf(event).toString('hex')).toBe(consentLeaf(event));
  });
});
