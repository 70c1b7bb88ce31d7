/**
 * The formulas that tie what stands on the channel to what a hospital keeps. ‖ joins bytes; hexadecimal digits are decoded
 * to bytes first. Without the salt, 256 random bits of one patient record, none of them can be computed from a patient.
 */
import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { canonicalJson } from './canonicalJson.js';
import type { ConsentContent, ConsentRef, ConsentSalt } from './consent.js';
import { HASH_PREFIX, plainSha256, prefixedHash, type Sha256 } from './hashing.js';
import type { Digest, StudyId } from './ids.js';
import { tenDigits } from './ledgerKeys.js';

/** SHA-256(0x05 ‖ salt ‖ UTF-8 of the hospital's own patient number): ties a record to its patient. */
export function consentSubject(salt: ConsentSalt, patient: string, hash: Sha256 = plainSha256): Digest {
  return digest(prefixedHash(hash, HASH_PREFIX.subject, hexToBytes(salt), wellFormed(patient)));
}

/** SHA-256(0x04 ‖ salt ‖ SHA-256(canonical JSON of the content)): what an event commits to. */
export function consentCommitment(salt: ConsentSalt, content: ConsentContent, hash: Sha256 = plainSha256): Digest {
  const inner = hash(utf8ToBytes(canonicalJson(content)));
  return digest(prefixedHash(hash, HASH_PREFIX.commitment, hexToBytes(salt), inner));
}

/**
 * SHA-256(0x02 ‖ salt ‖ ref ‖ study ‖ ten digits of the round): where a patient stands in a round's cohort tree. The salt is
 * the one that opens the patient's own commitments, so there is exactly one; it differs in every round, so that positions
 * of two rounds do not link.
 */
export function cohortPosition(
  salt: ConsentSalt,
  ref: ConsentRef,
  study: StudyId,
  round: number,
  hash: Sha256 = plainSha256,
): Digest {
  // Two conversions instead of four: a selection makes a hundred thousand of these.
  const record = hexToBytes(salt + ref);
  return digest(prefixedHash(hash, HASH_PREFIX.position, record, utf8ToBytes(study + tenDigits(round))));
}

function digest(bytes: Uint8Array): Digest {
  return bytesToHex(bytes) as Digest;
}

/** Lone surrogates all become the same bytes: two numbers would have one subject. */
function wellFormed(text: string): Uint8Array {
  if (!text.isWellFormed()) throw new TypeError('a patient number has no lone surrogates');
  return utf8ToBytes(text);
}
