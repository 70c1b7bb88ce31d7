/** A dealer's two shares for one holder, sealed so that the holder alone opens them: HPKE (RFC 9180), base mode. */
import { SEALED_SHARES_BYTES, SHARE_BYTES } from '@consilium/domain';
import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core';

const ENCAPSULATED_BYTES = 32;

export type SharePair = Readonly<{ selfMask: Uint8Array; maskKey: Uint8Array }>;

function suite(): CipherSuite {
  return new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });
}

/**
 * @param publicKey the holder's share key, 32 bytes
 * @param context what both sides must agree on: `sealedSharesContext`
 * @returns the encapsulated key, then the ciphertext: SEALED_SHARES_BYTES
 */
export async function sealShares(shares: SharePair, publicKey: Uint8Array, context: string): Promise<Uint8Array> {
  const hpke = suite();
  const recipientPublicKey = await hpke.kem.deserializePublicKey(exactBytes(publicKey));
  const plain = new Uint8Array(2 * SHARE_BYTES);
  plain.set(shares.selfMask);
  plain.set(shares.maskKey, SHARE_BYTES);
  const { ct, enc } = await hpke.seal({ recipientPublicKey }, exactBytes(plain), utf8(context));
  const box = new Uint8Array(SEALED_SHARES_BYTES);
  box.set(new Uint8Array(enc));
  box.set(new Uint8Array(ct), ENCAPSULATED_BYTES);
  return box;
}

/**
 * @param privateKey of the share key that the round pins, 32 bytes
 * @returns undefined for a box that this key and context do not open
 */
export async function openShares(
  box: Uint8Array,
  privateKey: Uint8Array,
  context: string,
): Promise<SharePair | undefined> {
  if (box.length !== SEALED_SHARES_BYTES) return undefined;
  const hpke = suite();
  try {
    const recipientKey = await hpke.kem.deserializePrivateKey(exactBytes(privateKey));
    const enc = exactBytes(box.subarray(0, ENCAPSULATED_BYTES));
    const plain = new Uint8Array(
      await hpke.open({ recipientKey, enc }, exactBytes(box.subarray(ENCAPSULATED_BYTES)), utf8(context)),
    );
    return { selfMask: plain.slice(0, SHARE_BYTES), maskKey: plain.slice(SHARE_BYTES) };
  } catch {
    return undefined;
  }
}

const utf8 = (text: string): ArrayBuffer => exactBytes(new TextEncoder().encode(text));

/** WebCrypto takes the whole buffer behind a view. */
function exactBytes(bytes: Uint8Array): ArrayBuffer {
  return Uint8Array.from(bytes).buffer as ArrayBuffer;
}
