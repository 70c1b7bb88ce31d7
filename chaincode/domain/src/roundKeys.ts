/** Keys, shares and reveals of a private round: what hospitals publish so that a sum can be opened, and nothing else. */
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { z } from 'zod';
import { Base64, Digest, Instant, Msp, RoundNumber, StudyId } from './ids.js';
import { HOSPITALS_PER_STUDY_MAX } from './limits.js';

/** 32 bytes in base64: an X25519 public key, or a SHA-256. Base64 because every hospital writes many of them. */
export const Bytes32 = Base64.length(44);

/** A member's key that shares are sealed to. An index is never given again. */
export const ShareKey = z.strictObject({
  study: StudyId,
  msp: Msp,
  index: z.int().min(0).max(9_999_999_999),
  /** X25519. */
  publicKey: Bytes32,
});
export type ShareKey = z.infer<typeof ShareKey>;

/** The share key that a round seals to, as its record names it. */
export const PinnedShareKey = z.strictObject({ msp: Msp, index: ShareKey.shape.index, hash: Digest });
export type PinnedShareKey = z.infer<typeof PinnedShareKey>;

/** The two kinds of secret that are shared: the self mask b, and the private key m of the mask key. */
export const ShareKind = z.enum(['selfMask', 'maskKey']);
export type ShareKind = z.infer<typeof ShareKind>;

/** Bytes of one Shamir share of a 32-byte secret (its point and 32 values). */
export const SHARE_BYTES = 33;
/** HPKE: the encapsulated key (32), both shares, and the tag (16). */
export const SEALED_SHARES_BYTES = 32 + 2 * SHARE_BYTES + 16;

/** A dealer's shares for one holder, as the join lists them: in the order of the round's `shareKeys`. */
export const DealtShares = z.strictObject({
  /** HPKE of `share of selfMask ‖ share of maskKey`, sealed to the holder's pinned share key. */
  box: Base64.length(4 * Math.ceil(SEALED_SHARES_BYTES / 3)),
  /** SHA-256(dealer ‖ holder ‖ kind ‖ share): see `shareHash`. */
  selfMask: Bytes32,
  maskKey: Bytes32,
});
export type DealtShares = z.infer<typeof DealtShares>;

/** What a private join carries beside its base. */
export const JoinKeys = z.strictObject({
  /** M: a fresh X25519 public key. */
  maskKey: Bytes32,
  /** SHA-256 of the 32 bytes of b. */
  selfMaskHash: Bytes32,
  /** One for each pinned share key of the round, the dealer's own among them. */
  dealt: z.array(DealtShares).min(1).max(HOSPITALS_PER_STUDY_MAX),
  /** The joiner's next share key. */
  next: z.strictObject({ index: ShareKey.shape.index, publicKey: Bytes32 }),
});
export type JoinKeys = z.infer<typeof JoinKeys>;

/** One share, opened. */
export const RevealedShare = z.strictObject({ of: Msp, kind: ShareKind, share: Base64.length(44) });
export type RevealedShare = z.infer<typeof RevealedShare>;

/**
 * What a holder reveals, once and for all: of each survivor its share of the self mask, of each other hospital of the
 * roster its share of the mask key, never both of one.
 */
export const Reveal = z.strictObject({
  study: StudyId,
  round: RoundNumber,
  msp: Msp,
  shares: z.array(RevealedShare).max(HOSPITALS_PER_STUDY_MAX),
  /** Dealers whose box this holder could not open, or whose shares did not match their hashes. */
  unopened: z.array(Msp).max(HOSPITALS_PER_STUDY_MAX),
  at: Instant,
});
export type Reveal = z.infer<typeof Reveal>;

/** The kind of share that may be revealed of a hospital of the roster: a survivor's self mask, another's mask key. */
export function revealedKind(survivors: readonly Msp[], of: Msp): ShareKind {
  return survivors.includes(of) ? 'selfMask' : 'maskKey';
}

/**
 * The bytes whose SHA-256 a join lists for a share: dealer, holder and kind in front of it, so that a copied join opens
 * nothing.
 */
export function sharePreimage(dealer: Msp, holder: Msp, kind: ShareKind, share: Uint8Array): Uint8Array {
  const head = utf8ToBytes(['consilium-share', dealer, holder, kind, ''].join('\n'));
  const bytes = new Uint8Array(head.length + share.length);
  bytes.set(head);
  bytes.set(share, head.length);
  return bytes;
}

/** What HPKE authenticates beside the shares: channel, study, round, dealer, holder, H(b), M. */
export function sealedSharesContext(
  at: Readonly<{ channel: string; study: StudyId; round: number }>,
  dealer: Msp,
  holder: Msp,
  keys: Pick<JoinKeys, 'selfMaskHash' | 'maskKey'>,
): string {
  return [
    'consilium-shares',
    at.channel,
    at.study,
    String(at.round),
    dealer,
    holder,
    keys.selfMaskHash,
    keys.maskKey,
  ].join('\n');
}

/** What ties a pair's mask to everything that both must agree on: hospitals that do not, have masks that do not cancel. */
export function pairMaskContext(
  at: Readonly<{
    channel: string;
    study: StudyId;
    round: number;
    baseDigest: Digest;
    rosterDigest: Digest;
    protocolHash: Digest;
  }>,
  a: Msp,
  b: Msp,
): string {
  const [low, high] = a < b ? [a, b] : [b, a];
  return [
    'consilium-pair-mask',
    at.channel,
    at.study,
    String(at.round),
    at.baseDigest,
    at.rosterDigest,
    at.protocolHash,
    low,
    high,
  ].join('\n');
}
