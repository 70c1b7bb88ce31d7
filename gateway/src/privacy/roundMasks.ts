/**
 * Masks of a private round (Bonawitz et al., CCS 2017, double masking): each hospital adds a mask of its own and one with
 * every other hospital of the roster. In the sum those of pairs cancel; the rest is taken off with what holders reveal.
 * All arithmetic is modulo 2^32.
 */
import { createCipheriv, hkdfSync } from 'node:crypto';
import { type Digest, type Msp, pairMaskContext, type StudyId } from '@consilium/domain';
import { x25519Secret } from './x25519Keys.js';

const SEED_BYTES = 32;
/** A piece of keystream stays in the cache of the processor. */
const CHUNK_BYTES = 64 * 1024;
const ZEROS = Buffer.alloc(CHUNK_BYTES);
const ZERO_IV = Buffer.alloc(16);

/** All that a pair's mask depends on beside its keys: hospitals that disagree have masks that do not cancel. */
export type MaskedRound = Readonly<{
  channel: string;
  study: StudyId;
  round: number;
  baseDigest: Digest;
  rosterDigest: Digest;
  protocolHash: Digest;
}>;

/** Public mask keys of the roster, 32 bytes each. */
export type MaskKeys = ReadonlyMap<Msp, Uint8Array>;

/** A hospital's own secrets of a round. */
export type MaskSecrets = Readonly<{ selfMask: Uint8Array; maskKey: Uint8Array }>;

/**
 * The seed of the mask of two hospitals, the same from either side: HKDF-SHA256 over their X25519 secret.
 * @throws Error for a public key of small order
 */
export function pairSeed(
  round: MaskedRound,
  own: Msp,
  privateKey: Uint8Array,
  other: Msp,
  publicKey: Uint8Array,
): Uint8Array {
  const secret = x25519Secret(privateKey, publicKey);
  return new Uint8Array(hkdfSync('sha256', secret, '', pairMaskContext(round, own, other), SEED_BYTES));
}

/**
 * Masks a vector in place: y + PRG(b) + Σ_{j>i} PRG(s_ij) - Σ_{j<i} PRG(s_ij), over the roster in the byte order of MSPs.
 * @param vector as it is added up; overwritten
 * @throws Error for a mask key of small order
 */
export function maskVector(
  vector: Int32Array,
  round: MaskedRound,
  own: Msp,
  secrets: MaskSecrets,
  roster: MaskKeys,
): void {
  // First all that can fail, so that no vector is left half masked.
  const pairs = [...roster]
    .filter(([msp]) => msp !== own)
    .map(([other, key]) => ({ seed: pairSeed(round, own, secrets.maskKey, other, key), sign: own < other ? 1 : -1 }));
  addKeystream(vector, secrets.selfMask, 1);
  for (const { seed, sign } of pairs) addKeystream(vector, seed, sign as 1 | -1);
}

/** What takes the masks off a sum, as t holders gave it back. */
export type OpenedSecrets = Readonly<{
  /** Of each survivor: its self mask. */
  selfMasks: ReadonlyMap<Msp, Uint8Array>;
  /** Of each hospital of the roster that did not survive: the private key of its mask key. */
  maskKeys: ReadonlyMap<Msp, Uint8Array>;
}>;

/**
 * Takes the masks off the sum of the survivors' masked vectors, in place.
 * @param roster public mask keys of all that joined
 */
export function unmaskSum(sum: Int32Array, round: MaskedRound, roster: MaskKeys, opened: OpenedSecrets): void {
  for (const selfMask of opened.selfMasks.values()) addKeystream(sum, selfMask, -1);
  for (const [lost, privateKey] of opened.maskKeys) {
    for (const survivor of opened.selfMasks.keys()) {
      const seed = pairSeed(round, lost, privateKey, survivor, roster.get(survivor) as Uint8Array);
      // The survivor added it where its name comes first, and took it off where not.
      addKeystream(sum, seed, survivor < lost ? -1 : 1);
    }
  }
}

/** Adds (or takes off) the AES-256-CTR keystream under a seed, as little-endian int32 modulo 2^32. A seed is used once. */
export function addKeystream(vector: Int32Array, seed: Uint8Array, sign: 1 | -1): void {
  const cipher = createCipheriv('aes-256-ctr', seed, ZERO_IV);
  const chunkElements = CHUNK_BYTES / 4;
  for (let start = 0; start < vector.length; start += chunkElements) {
    const count = Math.min(chunkElements, vector.length - start);
    const stream = cipher.update(count === chunkElements ? ZEROS : ZEROS.subarray(0, 4 * count));
    const mask = int32View(stream, count);
    if (sign === 1)
      for (let k = 0; k < count; k++) vector[start + k] = (vector[start + k] as number) + (mask[k] as number);
    else for (let k = 0; k < count; k++) vector[start + k] = (vector[start + k] as number) - (mask[k] as number);
  }
}

/** Every machine that runs this is little-endian; a test says so. */
function int32View(bytes: Buffer, count: number): Int32Array {
  if (bytes.byteOffset % 4 === 0) return new Int32Array(bytes.buffer, bytes.byteOffset, count);
  return new Int32Array(Uint8Array.from(bytes).buffer, 0, count);
}
