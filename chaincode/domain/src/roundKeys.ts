/** Keys, shares and reveals of a private round: what hospitals publish so that a sum can be opened, and nothing else. */
import { hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { z } from 'zod';
import { base64ToBytes, bytesToBase64 } from './base64.js';
import { plainSha256, type Sha256 } from './hashing.js';
import { Base64, Digest, Instant, Msp, RoundNumber, StudyId } from './ids.js';
import { HOSPITALS_PER_STUDY_MAX } from './limits.js';

/** 32 bytes in base64: an X25519 public key, or a SHA-256. Base64 because every hospital writes many of them. */
export const Bytes32 = Base64.length(44);

/**
 * X25519 public keys under which everybody shares the same secret, zeros, in hexadecimal (RFC 7748 section 6.1; curve and
 * twist have no others). The highest bit of a key is ignored, so each has two forms. A hospital that brought one into a round
 * would keep all others from masking, or from sealing to it.
 */
const SMALL_ORDER = [
  '00'.repeat(32),
  `01${'00'.repeat(31)}`,
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  `ec${'ff'.repeat(30)}7f`,
  `ed${'ff'.repeat(30)}7f`,
  `ee${'ff'.repeat(30)}7f`,
];
const SMALL_ORDER_KEYS: ReadonlySet<string> = new Set(
  SMALL_ORDER.flatMap((hex) => {
    const low = hexToBytes(hex);
    const high = Uint8Array.from(low, (byte, k) => (k === 31 ? byte | 0x80 : byte));
    return [bytesToBase64(low), bytesToBase64(high)];
  }),
);

/** An X25519 public key in base64 that gives a secret. */
export const X25519Key = Bytes32.refine((key) => !SMALL_ORDER_KEYS.has(key), 'a key of small order gives no secret');

/** A member's key that shares are sealed to. An index is never given again. */
export const ShareKey = z.strictObject({
  study: StudyId,
  msp: Msp,
  index: z.int().min(0).max(9_999_999_999),
  publicKey: X25519Key,
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
/** One share in base64. */
export const Share = Base64.length(4 * Math.ceil(SHARE_BYTES / 3));
/** A holder's two shares as they are sealed: HPKE's ciphertext with its tag (16). The encapsulated key stands apart. */
export const SEALED_SHARES_BYTES = 2 * SHARE_BYTES + 16;
/**
 * A join lists the first half of a SHA-256 of each share. It has to keep a holder from revealing another share than it was
 * dealt, which is finding a second preimage: 2^128 tries, as all else here. A dealer can find two shares of one hash in
 * 2^64, and gains nothing: whichever its accomplice reveals, the secret is compared with what the dealer committed to in
 * full, and a dealer can deal shares that do not go together without any such work. It is named either way.
 */
export const SHARE_HASH_BYTES = 16;

/**
 * A dealer's shares for one holder, as the join lists them in the order of the round's `shareKeys`: the sealed shares of
 * selfMask and maskKey, then the hash of either, in base64. See `sealedSharesOf`, `listedShareHash`.
 */
export const DealtShares = Base64.length((4 * (SEALED_SHARES_BYTES + 2 * SHARE_HASH_BYTES)) / 3);
export type DealtShares = z.infer<typeof DealtShares>;

/** What a private join carries beside its base. */
export const JoinKeys = z.strictObject({
  /** M: a fresh key. */
  maskKey: X25519Key,
  /** SHA-256 of the 32 bytes of b. */
  selfMaskHash: Bytes32,
  /** HPKE's encapsulated key, one for all holders: what is sealed under it is bound to the holder. */
  encapsulated: Bytes32,
  /** One for each pinned share key of the round, the dealer's own among them. */
  dealt: z.array(DealtShares).min(1).max(HOSPITALS_PER_STUDY_MAX),
  /** The joiner's next share key. */
  next: z.strictObject({ index: ShareKey.shape.index, publicKey: X25519Key }),
});
export type JoinKeys = z.infer<typeof JoinKeys>;

/** The same on the ledger, where the next share key stands under its own key. */
export const JoinedKeys = JoinKeys.extend({ next: ShareKey.pick({ index: true }) });
export type JoinedKeys = z.infer<typeof JoinedKeys>;

export function joinedKeys({ next, ...keys }: JoinKeys): JoinedKeys {
  return { ...keys, next: { index: next.index } };
}

/** A share that was revealed, and what of. */
export type RevealedShare = Readonly<{ of: Msp; kind: ShareKind; share: string }>;

/**
 * What a holder reveals, once and for all: of each survivor its share of the self mask, of each other hospital of the
 * roster its share of the mask key. There is one place for each hospital, so never both of one.
 */
export const Reveal = z.strictObject({
  study: StudyId,
  round: RoundNumber,
  msp: Msp,
  /**
   * In the order of the round's `available`. Null: not of the roster; or a dealer whose box this holder could not open, or
   * whose shares did not match their hashes.
   */
  shares: z.array(Share.nullable()).max(HOSPITALS_PER_STUDY_MAX),
  at: Instant,
});
export type Reveal = z.infer<typeof Reveal>;

/** A holder's share of a hospital's secret; undefined where it is not of the roster, or its box could not be opened. */
export function shareOf(
  { available }: Readonly<{ available: readonly Msp[] }>,
  { shares }: Pick<Reveal, 'shares'>,
  of: Msp,
): string | undefined {
  return shares[available.indexOf(of)] ?? undefined;
}

/** The shares of a reveal by hospital and kind. */
export function revealedShares(
  round: Readonly<{ available: readonly Msp[] }>,
  survivors: readonly Msp[],
  reveal: Pick<Reveal, 'shares'>,
): RevealedShare[] {
  return round.available.flatMap((of) => {
    const share = shareOf(round, reveal, of);
    return share === undefined ? [] : [{ of, kind: revealedKind(survivors, of), share }];
  });
}

/** Puts together what a join lists for a holder. @throws RangeError for parts of another length */
export function dealtShares(sealed: Uint8Array, selfMaskHash: Uint8Array, maskKeyHash: Uint8Array): DealtShares {
  const bytes = new Uint8Array(SEALED_SHARES_BYTES + 2 * SHARE_HASH_BYTES);
  if (sealed.length + selfMaskHash.length + maskKeyHash.length !== bytes.length)
    throw new RangeError('sealed shares and their hashes are of another length');
  bytes.set(sealed);
  bytes.set(selfMaskHash, SEALED_SHARES_BYTES);
  bytes.set(maskKeyHash, SEALED_SHARES_BYTES + SHARE_HASH_BYTES);
  return bytesToBase64(bytes);
}

/** The sealed shares of what a join lists; undefined for what `dealtShares` does not make. */
export function sealedSharesOf(dealt: DealtShares): Uint8Array | undefined {
  return dealtBytes(dealt)?.subarray(0, SEALED_SHARES_BYTES);
}

/** The hash that a join lists for a share of a kind, to be compared with `shareHash`. */
export function listedShareHash(dealt: DealtShares, kind: ShareKind): Uint8Array | undefined {
  const start = SEALED_SHARES_BYTES + (kind === 'selfMask' ? 0 : SHARE_HASH_BYTES);
  return dealtBytes(dealt)?.subarray(start, start + SHARE_HASH_BYTES);
}

function dealtBytes(dealt: DealtShares): Uint8Array | undefined {
  const bytes = base64ToBytes(dealt);
  return bytes?.length === SEALED_SHARES_BYTES + 2 * SHARE_HASH_BYTES ? bytes : undefined;
}

/** The kind of share that may be revealed of a hospital of the roster: a survivor's self mask, another's mask key. */
export function revealedKind(survivors: readonly Msp[], of: Msp): ShareKind {
  return survivors.includes(of) ? 'selfMask' : 'maskKey';
}

/**
 * The hash of a share that a join lists: dealer, holder and kind in front of it, so that a copied join opens nothing.
 * @param share SHARE_BYTES
 * @returns SHARE_HASH_BYTES
 */
export function shareHash(
  dealer: Msp,
  holder: Msp,
  kind: ShareKind,
  share: Uint8Array,
  hash: Sha256 = plainSha256,
): Uint8Array {
  const head = utf8ToBytes(['consilium-share', dealer, holder, kind, ''].join('\n'));
  const bytes = new Uint8Array(head.length + share.length);
  bytes.set(head);
  bytes.set(share, head.length);
  return hash(bytes).subarray(0, SHARE_HASH_BYTES);
}

/** What sealed shares are bound to: channel, study, round, dealer, holder, H(b), M. HPKE's `info`, and authenticated with them. */
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
