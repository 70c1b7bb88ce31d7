import { randomBytes } from 'node:crypto';
import { SEALED_SHARES_BYTES } from '@consilium/domain';
import { describe, expect, test } from '@jest/globals';
import { openShares, sealShares } from './sealedShares.js';
import { combineShares, splitSecret } from './secretShares.js';
import { makeX25519Pair } from './x25519Keys.js';

const shares = { selfMask: Uint8Array.from(randomBytes(33)), maskKey: Uint8Array.from(randomBytes(33)) };

describe('sealed shares', () => {
  test('are opened by their holder alone, in their context alone', async () => {
    const [holder, other] = [makeX25519Pair(), makeX25519Pair()];
    const box = await sealShares(shares, holder.publicKey, 'here');
    expect(box).toHaveLength(SEALED_SHARES_BYTES);
    expect(await openShares(box, holder.privateKey, 'here')).toEqual(shares);
    expect(await openShares(box, other.privateKey, 'here')).toBeUndefined();
    expect(await openShares(box, holder.privateKey, 'elsewhere')).toBeUndefined();
    expect(await openShares(box.subarray(1), holder.privateKey, 'here')).toBeUndefined();
  });

  test('are different every time, and a changed byte anywhere is found', async () => {
    const holder = makeX25519Pair();
    const [one, two] = [await sealShares(shares, holder.publicKey, ''), await sealShares(shares, holder.publicKey, '')];
    expect(one).not.toEqual(two);
    for (let at = 0; at < one.length; at++) {
      const changed = Uint8Array.from(one, (byte, k) => (k === at ? byte ^ 1 : byte));
      const opened = await openShares(changed, holder.privateKey, '');
      // The highest bit of an X25519 key is ignored by RFC 7748, and flipped here nowhere.
      expect([at, opened]).toEqual([at, undefined]);
    }
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
