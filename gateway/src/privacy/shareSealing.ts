/** What agents deal, seal, open and mask with: the interface of the agent over this folder's parts. */
import { createHash, randomBytes } from 'node:crypto';
import {
  canonicalDigest,
  compareBytes,
  dealtShares,
  type JoinedKeys,
  type JoinKeys,
  listedShareHash,
  type Msp,
  sealedSharesContext,
  sealedSharesOf,
  shareHash,
} from '@consilium/domain';
import type {
  DealingPlace,
  DealtSecrets,
  MaskingPlace,
  OpenedMasks,
  ShareHolder,
  ShareSealing,
  SharesOpened,
} from '../agent/ports.js';
import { type MaskedRound, type MaskKeys, maskVector, unmaskSum } from './roundMasks.js';
import { openShares, sealShares } from './sealedShares.js';
import { combineShares, SECRET_BYTES, splitSecret } from './secretShares.js';
import { makeX25519Pair, x25519PublicKey } from './x25519Keys.js';

export const shareSealing: ShareSealing = {
  newShareKey() {
    const { privateKey, publicKey } = makeX25519Pair();
    return { privateKey, publicKey: base64(publicKey) };
  },
  publicKeyOf: (privateKey) => base64(x25519PublicKey(privateKey)),
  deal,
  open,
  combine: (shares) => combineShares(shares.map(bytesOf)),
  isSelfMask: (secret, keys) => secret.length === SECRET_BYTES && base64(sha256(secret)) === keys.selfMaskHash,
  isMaskKey: (secret, keys) => secret.length === SECRET_BYTES && base64(x25519PublicKey(secret)) === keys.maskKey,
  mask: (vector, about, own, secrets) => maskVector(vector, roundOf(about), own, secrets, maskKeysOf(about)),
  unmask: (sum, about, opened: OpenedMasks) => unmaskSum(sum, roundOf(about), maskKeysOf(about), opened),
};

async function deal(
  place: DealingPlace,
  holders: readonly ShareHolder[],
  threshold: number,
  next: JoinKeys['next'],
): Promise<DealtSecrets> {
  const selfMask = Uint8Array.from(randomBytes(SECRET_BYTES));
  const { privateKey: maskKey, publicKey } = makeX25519Pair();
  const told = { selfMaskHash: base64(sha256(selfMask)), maskKey: base64(publicKey) };
  const [ofSelfMask, ofMaskKey] = await Promise.all([
    splitSecret(selfMask, holders.length, threshold),
    splitSecret(maskKey, holders.length, threshold),
  ]);
  const { encapsulated, sealed } = await sealShares(
    holders.map(({ msp, publicKey: holderKey }, k) => ({
      shares: { selfMask: ofSelfMask[k] as Uint8Array, maskKey: ofMaskKey[k] as Uint8Array },
      publicKey: bytesOf(holderKey),
      context: sealedSharesContext(place, place.dealer, msp, told),
    })),
  );
  const dealt = holders.map(({ msp }, k) =>
    dealtShares(
      sealed[k] as Uint8Array,
      shareHash(place.dealer, msp, 'selfMask', ofSelfMask[k] as Uint8Array, sha256),
      shareHash(place.dealer, msp, 'maskKey', ofMaskKey[k] as Uint8Array, sha256),
    ),
  );
  return { selfMask, maskKey, keys: { ...told, encapsulated: base64(encapsulated), dealt, next } };
}

async function open(
  place: DealingPlace,
  holder: Readonly<{ msp: Msp; position: number; privateKey: Uint8Array }>,
  keys: JoinedKeys,
): Promise<SharesOpened | undefined> {
  const dealt = keys.dealt[holder.position];
  const sealed = dealt && sealedSharesOf(dealt);
  if (!sealed) return undefined;
  const context = sealedSharesContext(place, place.dealer, holder.msp, keys);
  const opened = await openShares({ encapsulated: bytesOf(keys.encapsulated), sealed }, holder.privateKey, context);
  if (!opened) return undefined;
  for (const kind of ['selfMask', 'maskKey'] as const) {
    const listed = listedShareHash(dealt, kind);
    const found = shareHash(place.dealer, holder.msp, kind, opened[kind], sha256);
    if (!listed || compareBytes(found, listed) !== 0) return undefined;
  }
  return { selfMask: base64(opened.selfMask), maskKey: base64(opened.maskKey) };
}

function roundOf({ channel, study, round, baseDigest, protocolHash, roster }: MaskingPlace): MaskedRound {
  const rosterDigest = canonicalDigest([...roster.keys()].sort());
  return { channel, study, round, baseDigest, protocolHash, rosterDigest };
}

function maskKeysOf({ roster }: MaskingPlace): MaskKeys {
  return new Map([...roster].map(([msp, { maskKey }]) => [msp, bytesOf(maskKey)] as const));
}

const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'base64'));
