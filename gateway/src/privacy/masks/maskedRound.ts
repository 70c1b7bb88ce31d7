/**
 * Secure aggregation after Bonawitz et al., "Practical Secure Aggregation for Privacy-Preserving Machine Learning", CCS 2017,
 * with two differences: key agreement is fresh in every round and bound to it, and both secrets of a hospital are shared, so
 * that hospitals may vanish before and after contributing in one round.
 *
 * masked_i = y_i + PRG(b_i) + sum over j > i of PRG(s_ij) - sum over j < i of PRG(s_ij), modulo 2^32, i and j in the roster,
 * in the byte order of MSP ids
 */
import { createHash, hkdfSync } from 'node:crypto';
import type { Digest, Msp } from '@consilium/domain';
import { framed } from './framed.js';
import { agreedSecret } from './maskKeys.js';
import { isCommitted, type MaskCommitments, type MaskSecrets, type SecretKind } from './maskSecrets.js';
import { addMasks, type Mask } from './maskStream.js';

const SEED_BYTES = 32;

/** What the masks of a round are bound to: hospitals that differ in any of it have masks that do not cancel. */
export type MaskedRound = Readonly<{
  channel: string;
  study: string;
  round: number;
  /** Of the base version that the updates are of. */
  baseDigest: Digest;
  protocolHash: Digest;
  /** R: all that joined, with what their joins commit to. */
  roster: ReadonlyMap<Msp, MaskCommitments>;
}>;

/** What of a hospital was put together again: its self mask where it contributed, its mask key where it did not. */
export type Recovered = Readonly<{ kind: SecretKind; secret: Uint8Array }>;

/**
 * Masks a hospital's vector, in place.
 * @throws RangeError where the secrets are not those that the roster has of it, or a member's key is none
 */
export function maskVector(round: MaskedRound, msp: Msp, secrets: MaskSecrets, vector: Int32Array): void {
  const own = round.roster.get(msp);
  if (!own || !isCommitted(own, 'self', secrets.selfMask) || !isCommitted(own, 'mask', secrets.maskKey))
    throw new RangeError(`the mask secrets at hand are not those that the join of ${msp} commits to`);
  const roster = rosterDigest(round);
  const pairs = others(round, msp).map(
    (other): Mask => ({ seed: pairSeed(round, roster, secrets.maskKey, msp, other), sign: signOf(msp, other) }),
  );
  addMasks(vector, [{ seed: secrets.selfMask, sign: 1 }, ...pairs]);
}

/**
 * Takes the masks out of the sum of the survivors' masked vectors, in place: what is left is the sum of their vectors.
 * @param recovered of every hospital of the roster; those with a self mask are the survivors
 * @throws UnmaskingError where a secret is missing, or is not what was committed to
 */
export function unmaskSum(round: MaskedRound, recovered: ReadonlyMap<Msp, Recovered>, sum: Int32Array): void {
  const roster = rosterDigest(round);
  for (const [msp, commitments] of round.roster) {
    const found = recovered.get(msp);
    if (!found) throw new UnmaskingError(msp, 'nothing was recovered');
    if (!isCommitted(commitments, found.kind, found.secret))
      throw new UnmaskingError(msp, 'what was recovered is not what its join commits to');
  }
  const survivors = [...recovered].filter(([, { kind }]) => kind === 'self').map(([msp]) => msp);
  const masks = [...recovered].flatMap(([msp, { kind, secret }]): Mask[] =>
    kind === 'self'
      ? [{ seed: secret, sign: -1 }]
      : survivors.map((survivor) => ({
          seed: pairSeed(round, roster, secret, msp, survivor),
          sign: signOf(msp, survivor),
        })),
  );
  addMasks(sum, masks);
}

/** Whose secret keeps a sum from being unmasked. */
export class UnmaskingError extends RangeError {
  override readonly name = 'UnmaskingError';
  readonly msp: Msp;

  constructor(msp: Msp, problem: string) {
    super(`${msp}: ${problem}`);
    this.msp = msp;
  }
}

/** SHA-256 over the roster in the byte order of MSP ids, with what each join commits to. */
function rosterDigest({ roster }: MaskedRound): Buffer {
  const members = [...roster.keys()].sort().flatMap((msp) => {
    const { maskKey, selfMaskHash } = roster.get(msp) as MaskCommitments;
    return [msp, maskKey, selfMaskHash];
  });
  return createHash('sha256')
    .update(framed('consilium-roster', ...members))
    .digest();
}

/** s_ij, the same from either side: HKDF-SHA256 of RFC 5869 over the agreed secret, without salt. */
function pairSeed(round: MaskedRound, roster: Buffer, maskKey: Uint8Array, msp: Msp, other: Msp): Uint8Array {
  const { maskKey: otherKey } = round.roster.get(other) as MaskCommitments;
  const { channel, study, baseDigest, protocolHash } = round;
  const [lower, higher] = msp < other ? [msp, other] : [other, msp];
  const info = framed(
    'consilium-mask',
    channel,
    study,
    round.round,
    Buffer.from(baseDigest, 'hex'),
    roster,
    Buffer.from(protocolHash, 'hex'),
    lower,
    higher,
  );
  const secret = agreedSecret(maskKey, otherKey);
  const seed = new Uint8Array(hkdfSync('sha256', secret, Buffer.alloc(0), info, SEED_BYTES));
  secret.fill(0);
  return seed;
}

/** What a hospital does with the mask that it has in common with another. */
function signOf(msp: Msp, other: Msp): 1 | -1 {
  return other > msp ? 1 : -1;
}

function others({ roster }: MaskedRound, msp: Msp): Msp[] {
  return [...roster.keys()].filter((other) => other !== msp).sort();
}
