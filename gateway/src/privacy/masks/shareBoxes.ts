/** A holder's shares of a dealer's secrets, sealed so that nobody else opens them: RFC 9180, base mode. */
import type { Msp } from '@consilium/domain';
import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core';
import { framed } from './framed.js';
import { X25519_BYTES } from './maskKeys.js';
import type { MaskCommitments } from './maskSecrets.js';
import { SHARE_BYTES, type SharePair } from './secretShares.js';

const TAG_BYTES = 16;
/** The encapsulated key, both shares, and the tag. */
export const BOX_BYTES = X25519_BYTES + 2 * SHARE_BYTES + TAG_BYTES;

/** Which box it is. All of it is authenticated with the box: under another name, in another round, it does not open. */
export type BoxLabel = Readonly<{
  channel: string;
  study: string;
  round: number;
  dealer: Msp;
  holder: Msp;
  /** Of the dealer. */
  commitments: MaskCommitments;
}>;

const suite = new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });

/**
 * @param shareKey the holder's public share key, as the round's record pins it
 * @returns BOX_BYTES
 * @throws Error where the key is none
 */
export async function sealShares(
  label: BoxLabel,
  shareKey: Uint8Array,
  { self, mask }: SharePair,
): Promise<Uint8Array> {
  const recipientPublicKey = await suite.kem.deserializePublicKey(arrayBufferOf(shareKey));
  const both = Buffer.concat([self, mask]);
  const { enc, ct } = await suite.seal(
    { recipientPublicKey },
    arrayBufferOf(both),
    arrayBufferOf(authenticated(label)),
  );
  return Buffer.concat([new Uint8Array(enc), new Uint8Array(ct)]);
}

/**
 * @param shareKey the holder's private share key, 32 raw bytes
 * @returns undefined where the box does not open: made for another key, another label, or by nobody
 */
export async function openShares(
  label: BoxLabel,
  shareKey: Uint8Array,
  box: Uint8Array,
): Promise<SharePair | undefined> {
  if (box.length !== BOX_BYTES) return undefined;
  const recipientKey = await suite.kem.importKey('raw', arrayBufferOf(shareKey), false);
  try {
    const opened = new Uint8Array(
      await suite.open(
        { recipientKey, enc: arrayBufferOf(box.subarray(0, X25519_BYTES)) },
        arrayBufferOf(box.subarray(X25519_BYTES)),
        arrayBufferOf(authenticated(label)),
      ),
    );
    return { self: opened.subarray(0, SHARE_BYTES), mask: opened.subarray(SHARE_BYTES) };
  } catch {
    return undefined;
  }
}

function authenticated({ channel, study, round, dealer, holder, commitments }: BoxLabel): Buffer {
  const { selfMaskHash, maskKey } = commitments;
  return framed('consilium-box', channel, study, round, dealer, holder, selfMaskHash, maskKey);
}

/** A copy of its own, as the library takes it. */
function arrayBufferOf(bytes: Uint8Array): ArrayBuffer {
  return Uint8Array.from(bytes).buffer;
}
