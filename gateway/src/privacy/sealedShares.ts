/**
 * A dealer's two shares for each holder, sealed so that the holder alone opens them: HPKE (RFC 9180), base mode. One fresh
 * encapsulated key serves all holders of a deal, and each opens as RFC 9180 says: the shared secret comes of the holder's own
 * public key, and the key schedule of a context that names the holder, so that no two boxes are under one key, not even where
 * two members registered the same share key. (Reusing the randomness of one ElGamal-like encapsulation for several
 * recipients: Bellare, Boldyreva and Staddon, PKC 2003.)
 */
import { SEALED_SHARES_BYTES, SHARE_BYTES } from '@consilium/domain';
import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core';

export type SharePair = Readonly<{ selfMask: Uint8Array; maskKey: Uint8Array }>;

/** What one holder gets, and by which key and context it alone opens it. */
export type SharesForHolder = Readonly<{
  shares: SharePair;
  /** The holder's share key, 32 bytes. */
  publicKey: Uint8Array;
  /** What both sides must agree on: `sealedSharesContext`, which names the holder. */
  context: string;
}>;

export type SealedForHolders = Readonly<{
  /** 32 bytes. */
  encapsulated: Uint8Array;
  /** In the order of the holders: SEALED_SHARES_BYTES each. */
  sealed: readonly Uint8Array[];
}>;

function suite(): CipherSuite {
  return new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });
}

/** @param holders whose contexts all differ: @throws RangeError where two are the same */
export async function sealShares(holders: readonly SharesForHolder[]): Promise<SealedForHolders> {
  if (new Set(holders.map(({ context }) => context)).size !== holders.length)
    throw new RangeError('two holders of one context');
  const hpke = suite();
  const ekm = await hpke.kem.generateKeyPair();
  const sealed = await Promise.all(
    holders.map(async ({ shares, publicKey, context }) => {
      const plain = new Uint8Array(2 * SHARE_BYTES);
      plain.set(shares.selfMask);
      plain.set(shares.maskKey, SHARE_BYTES);
      const recipientPublicKey = await hpke.kem.deserializePublicKey(exactBytes(publicKey));
      const info = utf8(context);
      return new Uint8Array((await hpke.seal({ recipientPublicKey, info, ekm }, exactBytes(plain), info)).ct);
    }),
  );
  return { encapsulated: new Uint8Array(await hpke.kem.serializePublicKey(ekm.publicKey)), sealed };
}

/**
 * @param privateKey of the share key that the round pins, 32 bytes
 * @returns undefined for what this key and context do not open
 */
export async function openShares(
  { encapsulated, sealed }: Readonly<{ encapsulated: Uint8Array; sealed: Uint8Array }>,
  privateKey: Uint8Array,
  context: string,
): Promise<SharePair | undefined> {
  if (sealed.length !== SEALED_SHARES_BYTES) return undefined;
  const hpke = suite();
  try {
    const recipientKey = await hpke.kem.deserializePrivateKey(exactBytes(privateKey));
    const info = utf8(context);
    const plain = new Uint8Array(
      await hpke.open({ recipientKey, enc: exactBytes(encapsulated), info }, exactBytes(sealed), info),
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
