/** Secrets divided so that t of N holders can put them together, and fewer learn nothing. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Msp } from '@consilium/domain';
import { combine, split } from 'shamir-secret-sharing';
import { framed } from './framed.js';
import { isCommitted, type MaskCommitments, type MaskSecrets, type SecretKind } from './maskSecrets.js';

/** A share of 32 bytes: 32 bytes, and the place that it is of. */
export const SHARE_BYTES = 33;

/** One holder's shares of both secrets of a dealer. */
export type SharePair = Readonly<{ self: Uint8Array; mask: Uint8Array }>;
/** As a join lists them, so that a revealed share can be checked by anybody. */
export type ShareHashes = Readonly<{ self: Uint8Array; mask: Uint8Array }>;

/**
 * Shamir's scheme over GF(2^8): Shamir, "How to Share a Secret", Communications of the ACM 1979.
 * @param holders all members of the study, the dealer too
 * @param threshold t, 2 at least
 */
export async function shareSecrets(
  { selfMask, maskKey }: MaskSecrets,
  holders: readonly Msp[],
  threshold: number,
): Promise<Map<Msp, SharePair>> {
  const [self, mask] = await Promise.all(
    [selfMask, maskKey].map((secret) => split(Uint8Array.from(secret), holders.length, threshold)),
  );
  return new Map(
    holders.map((holder, k) => [holder, { self: self?.[k] as Uint8Array, mask: mask?.[k] as Uint8Array }]),
  );
}

/** SHA-256 over dealer, holder, kind and share: a share of another dealer, holder or kind never matches. */
export function shareHash(dealer: Msp, holder: Msp, kind: SecretKind, share: Uint8Array): Uint8Array {
  return createHash('sha256')
    .update(framed('consilium-share', dealer, holder, kind, share))
    .digest();
}

export function isShareOf(hash: Uint8Array, dealer: Msp, holder: Msp, kind: SecretKind, share: Uint8Array): boolean {
  return share.length === SHARE_BYTES && timingSafeEqual(hash, shareHash(dealer, holder, kind, share));
}

/**
 * Puts a secret together.
 * @param shares as many as the threshold, each of which matches its hash
 * @returns undefined where they do not give what the dealer committed to: proof that it dealt garbage
 */
export async function recoverSecret(
  commitments: MaskCommitments,
  kind: SecretKind,
  shares: readonly Uint8Array[],
): Promise<Uint8Array | undefined> {
  let secret: Uint8Array;
  try {
    secret = await combine(shares.map((share) => Uint8Array.from(share)));
  } catch {
    // Two shares of one place, or of different lengths: no honest dealer's.
    return undefined;
  }
  return isCommitted(commitments, kind, secret) ? secret : undefined;
}
