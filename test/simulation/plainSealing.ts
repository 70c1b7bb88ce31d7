/**
 * Stands in for HPKE, which answers in its own time: boxes that tell for whom they are, and open for the right key alone.
 * Shares, mask keys and masks are the real ones.
 */
import { createHash, randomBytes } from 'node:crypto';
import {
  type DealtShares,
  SEALED_SHARES_BYTES,
  SHARE_BYTES,
  sealedSharesContext,
  sharePreimage,
} from '@consilium/domain';
import type { ShareSealing } from '../../gateway/src/agent/ports.js';
import { splitSecret } from '../../gateway/src/privacy/secretShares.js';
import { shareSealing } from '../../gateway/src/privacy/shareSealing.js';
import { makeX25519Pair } from '../../gateway/src/privacy/x25519Keys.js';

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
const sha256 = (content: Uint8Array | string) => createHash('sha256').update(content).digest();
/** What a box begins with: the holder's public key and what it was sealed for. */
const LABEL_BYTES = SEALED_SHARES_BYTES - 2 * SHARE_BYTES;
const labelOf = (publicKey: string, context: string) =>
  Buffer.concat([sha256(publicKey), sha256(context)]).subarray(0, LABEL_BYTES);

export const plainSealing: ShareSealing = {
  ...shareSealing,
  async deal(place, holders, threshold, next) {
    const selfMask = Uint8Array.from(randomBytes(32));
    const { privateKey: maskKey, publicKey } = makeX25519Pair();
    const told = { selfMaskHash: base64(sha256(selfMask)), maskKey: base64(publicKey) };
    const [ofSelfMask, ofMaskKey] = await Promise.all([
      splitSecret(selfMask, holders.length, threshold),
      splitSecret(maskKey, holders.length, threshold),
    ]);
    const dealt = holders.map(({ msp, publicKey: holderKey }, k): DealtShares => {
      const [own, pair] = [ofSelfMask[k] as Uint8Array, ofMaskKey[k] as Uint8Array];
      const context = sealedSharesContext(place, place.dealer, msp, told);
      return {
        box: base64(Buffer.concat([labelOf(holderKey, context), own, pair])),
        selfMask: base64(sha256(sharePreimage(place.dealer, msp, 'selfMask', own))),
        maskKey: base64(sha256(sharePreimage(place.dealer, msp, 'maskKey', pair))),
      };
    });
    return { selfMask, maskKey, keys: { ...told, dealt, next } };
  },
  async open(place, holder, keys) {
    const dealt = keys.dealt[holder.position];
    if (!dealt) return undefined;
    const box = Buffer.from(dealt.box, 'base64');
    const context = sealedSharesContext(place, place.dealer, holder.msp, keys);
    const label = labelOf(shareSealing.publicKeyOf(holder.privateKey), context);
    if (!box.subarray(0, LABEL_BYTES).equals(label)) return undefined;
    const selfMask = box.subarray(LABEL_BYTES, LABEL_BYTES + SHARE_BYTES);
    const maskKey = box.subarray(LABEL_BYTES + SHARE_BYTES);
    return { selfMask: base64(selfMask), maskKey: base64(maskKey) };
  },
};
