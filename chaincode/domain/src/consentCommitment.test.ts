import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { canonicalJson } from './canonicalJson.js';
import type { ConsentContent, ConsentRef, ConsentSalt } from './consent.js';
import { cohortPosition, consentCommitment, consentSubject } from './consentCommitment.js';
import type { Digest, StudyId } from './ids.js';
import { exampleContent } from './testing/exampleConsent.js';

const salt = '00112233445566778899aabbccddeeff0123456789abcdef0123456789abcdef' as ConsentSalt;
const otherSalt = 'ff112233445566778899aabbccddeeff0123456789abcdef0123456789abcdef' as ConsentSalt;
const ref = 'a0a1a2a3a4a5a6a7a8a9aaabacadaeaf' as ConsentRef;
const study = 'heart' as StudyId;

function sha256(...parts: readonly Uint8Array[]): Buffer {
  return createHash('sha256').update(Buffer.concat(parts)).digest();
}
const hex = (text: string) => Buffer.from(text, 'hex');
const utf8 = (text: string) => Buffer.from(text, 'utf8');

describe('the formulas', () => {
  test('are SHA-256 over a prefix, the salt and what is committed to', () => {
    const content = exampleContent();
    expect(consentSubject(salt, 'P-0042 Müller')).toBe(
      sha256(hex('05'), hex(salt), utf8('P-0042 Müller')).toString('hex'),
    );
    expect(consentCommitment(salt, content)).toBe(
      sha256(hex('04'), hex(salt), sha256(utf8(canonicalJson(content)))).toString('hex'),
    );
    expect(cohortPosition(salt, ref, study, 7)).toBe(
      sha256(hex('02'), hex(salt), hex(ref), utf8('heart'), utf8('0000000007')).toString('hex'),
    );
  });

  test('never change: values that stand on channels for ever', () => {
    expect(consentSubject(salt, '42')).toBe('97cf1422233cc0a1d8b754458b9c9a01e0677a9dcaf224983f7e9efe5ae48bdd');
    expect(cohortPosition(salt, ref, study, 0)).toBe(
      '73356e1acfa488d37f806fc00eb667f15502e42d394310d7a7d4f73b9e86cab1',
    );
  });

  test('give other values for another salt, study or round', () => {
    const position = cohortPosition(salt, ref, study, 1);
    const others = [
      cohortPosition(otherSalt, ref, study, 1),
      cohortPosition(salt, ref, 'hear' as StudyId, 1),
      cohortPosition(salt, ref, study, 2),
    ];
    expect(new Set([position, ...others]).size).toBe(4);
    expect(consentSubject(salt, '42')).not.toBe(consentSubject(otherSalt, '42'));
  });

  test('are not found by whoever knows every patient number, the ref and the content, but not the salt', () => {
    const content = exampleContent();
    const inner = sha256(utf8(canonicalJson(content)));
    const stand = [
      consentSubject(salt, 'P-0042'),
      consentCommitment(salt, content),
      cohortPosition(salt, ref, study, 1),
    ];
    const guesses = [Buffer.alloc(0), Buffer.alloc(32), Buffer.alloc(32, 255), hex(ref), sha256(hex(ref))];
    const found = guesses.flatMap((guess) => [
      sha256(hex('04'), guess, inner),
      sha256(hex('02'), guess, hex(ref), utf8('heart'), utf8('0000000001')),
      ...Array.from({ length: 10_000 }, (_, k) => sha256(hex('05'), guess, utf8(`P-${String(k).padStart(4, '0')}`))),
    ]);
    expect(found.filter((each) => stand.includes(each.toString('hex') as Digest))).toEqual([]);
    // With the salt, the same search finds them at once.
    expect([sha256(hex('05'), hex(salt), utf8('P-0042')), sha256(hex('04'), hex(salt), inner)].map(String)).toEqual(
      stand.slice(0, 2).map((each) => String(hex(each))),
    );
  });

  test('take a hash that is passed in', () => {
    const node = (content: Uint8Array) => sha256(content);
    expect(cohortPosition(salt, ref, study, 3, node)).toBe(cohortPosition(salt, ref, study, 3));
    expect(consentCommitment(salt, exampleContent(), node)).toBe(consentCommitment(salt, exampleContent()));
  });

  test('refuse a patient number that would be the same bytes as another', () => {
    expect(() => consentSubject(salt, 'a\ud800')).toThrow(TypeError);
  });

  test('change with every word of the content', () => {
    const changes: Partial<ConsentContent>[] = [
      { seq: 1 },
      { kind: 'change' },
      { terms: [] },
      { dataClasses: ['imaging'] },
      { policyVersion: 2 },
      { validTo: 5 },
      { effectiveFrom: 1_700_000_000_001 },
      { evidence: null },
    ];
    const commitments = [{}, ...changes].map((change) => consentCommitment(salt, { ...exampleContent(), ...change }));
    expect(new Set(commitments).size).toBe(commitments.length);
  });
});
