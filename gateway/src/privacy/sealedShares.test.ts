import { randomBytes } from 'node:crypto';
import { SEALED_SHARES_BYTES } from '@consilium/domain';
import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core';
import { describe, expect, test } from '@jest/globals';
import { openShares, sealShares } from './sealedShares.js';
import { combineShares, splitSecret } from './secretShares.js';
import { makeX25519Pair } from './x25519Keys.js';

const shares = { selfMask: Uint8Array.from(randomBytes(33)), maskKey: Uint8Array.from(randomBytes(33)) };

const forOne = async (publicKey: Uint8Array, context: string) => {
  const { encapsulated, sealed } = await sealShares([{ shares, publicKey, context }]);
  return { encapsulated, sealed: sealed[0] as Uint8Array };
};
const flipped = (bytes: Uint8Array, at: number) => Uint8Array.from(bytes, (byte, k) => (k === at ? byte ^ 1 : byte));

describe('sealed shares', () => {
  test('are opened by their holder alone, in their context alone', async () => {
    const [holder, other] = [makeX25519Pair(), makeX25519Pair()];
    const box = await forOne(holder.publicKey, 'here');
    expect(box.sealed).toHaveLength(SEALED_SHARES_BYTES);
    expect(await openShares(box, holder.privateKey, 'here')).toEqual(shares);
    expect(await openShares(box, other.privateKey, 'here')).toBeUndefined();
    expect(await openShares(box, holder.privateKey, 'elsewhere')).toBeUndefined();
    expect(await openShares({ ...box, sealed: box.sealed.subarray(1) }, holder.privateKey, 'here')).toBeUndefined();
  });

  test('are different every time, and a changed byte anywhere is found', async () => {
    const holder = makeX25519Pair();
    const [one, two] = [await forOne(holder.publicKey, ''), await forOne(holder.publicKey, '')];
    expect(one.encapsulated).not.toEqual(two.encapsulated);
    expect(one.sealed).not.toEqual(two.sealed);
    for (let at = 0; at < one.sealed.length; at++) {
      const opened = await openShares({ ...one, sealed: flipped(one.sealed, at) }, holder.privateKey, '');
      expect([at, opened]).toEqual([at, undefined]);
    }
    for (let at = 0; at < one.encapsulated.length; at++) {
      // The highest bit of an X25519 key is ignored by RFC 7748, and flipped here nowhere.
      const opened = await openShares({ ...one, encapsulated: flipped(one.encapsulated, at) }, holder.privateKey, '');
      expect([at, opened]).toEqual([at, undefined]);
    }
  });

  test('of several holders share one encapsulated key, and no other, though two registered one share key', async () => {
    const [one, two] = [makeX25519Pair(), makeX25519Pair()];
    const keys = [one.publicKey, two.publicKey, one.publicKey];
    const { encapsulated, sealed } = await sealShares(
      keys.map((publicKey, k) => ({ shares, publicKey, context: `holder ${k}` })),
    );
    const privateKeys = [one.privateKey, two.privateKey, one.privateKey];
    for (const [k, box] of sealed.entries())
      for (const [holder, privateKey] of privateKeys.entries()) {
        const opened = await openShares({ encapsulated, sealed: box }, privateKey, `holder ${holder}`);
        expect([k, holder, opened]).toEqual([k, holder, k === holder ? shares : undefined]);
      }
    // One keystream over one text would give one ciphertext.
    expect(Buffer.from(sealed[0] as Uint8Array).equals(sealed[2] as Uint8Array)).toBe(false);
    await expect(sealShares(keys.map((publicKey) => ({ shares, publicKey, context: 'all' })))).rejects.toThrow(
      RangeError,
    );
  });

  test('are what any other reader of RFC 9180 opens', async () => {
    const holder = makeX25519Pair();
    const { encapsulated, sealed } = await forOne(holder.publicKey, 'here');
    const suite = new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });
    const recipientKey = await suite.kem.deserializePrivateKey(holder.privateKey.slice().buffer);
    const info = new TextEncoder().encode('here').buffer;
    const context = await suite.createRecipientContext({ recipientKey, enc: encapsulated.slice().buffer, info });
    const plain = await context.open(sealed.slice().buffer, info);
    expect(new Uint8Array(plain)).toEqual(Uint8Array.of(...shares.selfMask, ...shares.maskKey));
  });
});

describe('shares of a secret', () => {
  const secret = Uint8Array.from(randomBytes(32));

  test('give it back from any t of them, and something else from fewer or from a false one', async () => {
    const dealt = await splitSecret(secret, 5, 3);
    expect(dealt.every(({ length }) => length === 33)).toBe(true);
    expect(await combineShares([dealt[4], dealt[0], dealt[2]] as Uint8Array[])).toEqual(secret);
    expect(await combineShares(dealt.slice(0, 2))).not.toEqual(secret);
    const forged = Uint8Array.from(dealt[0] as Uint8Array, (byte, k) => (k === 0 ? byte ^ 1 : byte));
    expect(await combineShares([forged, dealt[1], dealt[2]] as Uint8Array[])).not.toEqual(secret);
  });

  test('that do not go together are no secret, and a secret of another length is not shared', async () => {
    const dealt = await splitSecret(secret, 3, 2);
    expect(await combineShares([dealt[0], dealt[0]] as Uint8Array[])).toBeUndefined();
    expect(await combineShares([])).toBeUndefined();
    await expect(splitSecret(secret.subarray(1), 3, 2)).rejects.toThrow(RangeError);
  });
});
