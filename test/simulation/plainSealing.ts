/**
 * Stands in for HPKE, which answers in its own time: boxes that tell for whom they are, and open for the right key alone.
 * Shares, mask keys and masks are the real ones.
 */
import { createHash, randomBytes } from 'node:crypto';
import {
  dealtShares,
  type JoinedKeys,
  listedShareHash,
  type Msp,
  SEALED_SHARES_BYTES,
  SHARE_BYTES,
  type ShareKind,
  sealedSharesContext,
  sealedSharesOf,
  shareHash,
} from '@consilium/domain';
import type { DealingPlace, ShareHolder, ShareSealing } from '../../gateway/src/agent/ports.js';
import { splitSecret } from '../../gateway/src/privacy/secretShares.js';
import { shareSealing } from '../../gateway/src/privacy/shareSealing.js';
import { makeX25519Pair } from '../../gateway/src/privacy/x25519Keys.js';

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
const sha256 = (content: Uint8Array | string) => createHash('sha256').update(content).digest();
/** What a box begins with: the holder's public key and what it was sealed for. */
const LABEL_BYTES = SEALED_SHARES_BYTES - 2 * SHARE_BYTES;
const KINDS: readonly ShareKind[] = ['selfMask', 'maskKey'];
const labelOf = (publicKey: string, context: string) => sha256(`${publicKey}\n${context}`).subarray(0, LABEL_BYTES);

const publicHalves = new Map<string, string>();

/** Reading a private key is slow, and a holder opens many boxes with one. */
function publicHalf(privateKey: Uint8Array): string {
  const name = base64(privateKey);
  const known = publicHalves.get(name) ?? shareSealing.publicKeyOf(privateKey);
  publicHalves.set(name, known);
  return known;
}

/** What a dealer tells of its secrets beside the shares. */
export type Told = Readonly<{ selfMaskHash: string; maskKey: string }>;
type Holder = Readonly<{ msp: Msp; position: number }>;
type Shares = Readonly<{ selfMask: Uint8Array; maskKey: Uint8Array }>;

/** A holder's box with its shares, and their hashes, as a join lists them. */
export function sealPlainly(place: DealingPlace, holder: ShareHolder, told: Told, shares: Shares): string {
  const { selfMask, maskKey } = shares;
  const context = sealedSharesContext(place, place.dealer, holder.msp, told);
  return dealtShares(
    Buffer.concat([labelOf(holder.publicKey, context), selfMask, maskKey]),
    shareHash(place.dealer, holder.msp, 'selfMask', selfMask),
    shareHash(place.dealer, holder.msp, 'maskKey', maskKey),
  );
}

/** Whether whoever has the private half of a key opens the box of a holder. */
export function opensWith(publicKey: string, place: DealingPlace, holder: Holder, keys: JoinedKeys): boolean {
  return sharesIn(publicKey, place, holder, keys) !== undefined;
}

function sharesIn(publicKey: string, place: DealingPlace, holder: Holder, keys: JoinedKeys): Shares | undefined {
  const dealt = keys.dealt[holder.position];
  const sealed = dealt && sealedSharesOf(dealt);
  if (!sealed) return undefined;
  const box = Buffer.from(sealed);
  const label = labelOf(publicKey, sealedSharesContext(place, place.dealer, holder.msp, keys));
  if (!box.subarray(0, LABEL_BYTES).equals(label)) return undefined;
  const shares = {
    selfMask: box.subarray(LABEL_BYTES, LABEL_BYTES + SHARE_BYTES),
    maskKey: box.subarray(LABEL_BYTES + SHARE_BYTES),
  };
  return KINDS.every((kind) => isListed(place, holder, dealt, kind, shares[kind])) ? shares : undefined;
}

function isListed(
  { dealer }: DealingPlace,
  { msp }: Holder,
  dealt: string,
  kind: ShareKind,
  share: Uint8Array,
): boolean {
  return Buffer.from(shareHash(dealer, msp, kind, share)).equals(listedShareHash(dealt, kind) ?? Buffer.alloc(0));
}

export const plainSealing: ShareSealing = {
  ...shareSealing,
  publicKeyOf: publicHalf,
  async deal(place, holders, threshold, next) {
    const selfMask = Uint8Array.from(randomBytes(32));
    const { privateKey: maskKey, publicKey } = makeX25519Pair();
    const told = { selfMaskHash: base64(sha256(selfMask)), maskKey: base64(publicKey) };
    const [ofSelfMask, ofMaskKey] = await Promise.all([
      splitSecret(selfMask, holders.length, threshold),
      splitSecret(maskKey, holders.length, threshold),
    ]);
    const dealt = holders.map((holder, k) =>
      sealPlainly(place, holder, told, { selfMask: ofSelfMask[k] as Uint8Array, maskKey: ofMaskKey[k] as Uint8Array }),
    );
    return { selfMask, maskKey, keys: { ...told, encapsulated: base64(randomBytes(32)), dealt, next } };
  },
  async open(place, holder, keys) {
    const shares = sharesIn(publicHalf(holder.privateKey), place, holder, keys);
    return shares && { selfMask: base64(shares.selfMask), maskKey: base64(shares.maskKey) };
  },
};
