/** What agents deal, seal, open and mask with: the interface of the agent over this folder's parts. */
import { createHash, randomBytes } from 'node:crypto';
import {
  canonicalDigest,
  type DealtShares,
  type JoinKeys,
  type Msp,
  type ShareKind,
  sealedSharesContext,
  sharePreimage,
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
  const dealt = await Promise.all(
    holders.map(async ({ msp, publicKey: holderKey }, k): Promise<DealtShares> => {
      const shares = { selfMask: ofSelfMask[k] as Uint8Array, maskKey: ofMaskKey[k] as Uint8Array };
      const context = sealedSharesContext(place, place.dealer, msp, told);
      return {
        box: base64(await sealShares(shares, bytesOf(holderKey), context)),
        selfMask: shareHash(place.dealer, msp, 'selfMask', shares.selfMask),
        maskKey: shareHash(place.dealer, msp, 'maskKey', shares.maskKey),
      };
    }),
  );
  return { selfMask, maskKey, keys: { ...told, dealt, next } };
}

async function open(
  place: DealingPlace,
  holder: Readonly<{ msp: Msp; position: number; privateKey: Uint8Array }>,
  keys: JoinKeys,
): Promise<SharesOpened | undefined> {
  const dealt = keys.dealt[holder.position];
  if (!dealt) return undefined;
  const context = sealedSharesContext(place, place.dealer, holder.msp, keys);
  const opened = await openShares(bytesOf(dealt.box), holder.privateKey, context);
  if (!opened) return undefined;
  for (const kind of ['selfMask', 'maskKey'] as const)
    if (shareHash(place.dealer, holder.msp, kind, opened[kind]) !== dealt[kind]) return undefined;
  return { selfMask: base64(opened.selfMask), maskKey: base64(opened.maskKey) };
}

function roundOf({ channel, study, round, baseDigest, protocolHash, roster }: MaskingPlace): MaskedRound {
  const rosterDigest = canonicalDigest([...roster.keys()].sort());
  return { channel, study, round, baseDigest, protocolHash, rosterDigest };
}

function maskKeysOf({ roster }: MaskingPlace): MaskKeys {
  return new Map([...roster].map(([msp, { maskKey }]) => [msp, bytesOf(maskKey)] as const));
}

function shareHash(dealer: Msp, holder: Msp, kind: ShareKind, share: Uint8Array): string {
  return base64(sha256(sharePreimage(dealer, holder, kind, share)));
}

const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'base64'));
