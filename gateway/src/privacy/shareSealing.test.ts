import { JoinKeys, type Msp, SHARE_HASH_BYTES, type StudyId } from '@consilium/domain';
import { describe, expect, test } from '@jest/globals';
import type { MaskingPlace } from '../agent/ports.js';
import { shareSealing } from './shareSealing.js';

const HOLDERS = ['AMSP', 'BMSP', 'CMSP', 'DMSP'] as Msp[];
const pairs = HOLDERS.map(() => shareSealing.newShareKey());
const holders = HOLDERS.map((msp, k) => ({ msp, publicKey: (pairs[k] as (typeof pairs)[number]).publicKey }));
const next = { index: 1, publicKey: shareSealing.newShareKey().publicKey };
const place = (dealer: Msp, round = 3) => ({ channel: 'consilium', study: 'heart' as StudyId, round, dealer });
const asHolder = (position: number) => ({
  msp: HOLDERS[position] as Msp,
  position,
  privateKey: (pairs[position] as (typeof pairs)[number]).privateKey,
});
const [A, B] = HOLDERS as [Msp, Msp];

describe('dealt secrets', () => {
  test('are what the join commits to, and come back from any t holders', async () => {
    const dealt = await shareSealing.deal(place(A), holders, 3, next);
    expect(JoinKeys.parse(dealt.keys)).toEqual(dealt.keys);
    for (const chosen of [
      [0, 1, 2],
      [3, 1, 0],
      [2, 3, 1],
    ]) {
      const opened = await Promise.all(chosen.map((k) => shareSealing.open(place(A), asHolder(k), dealt.keys)));
      const selfMask = await shareSealing.combine(opened.map((shares) => shares?.selfMask as string));
      const maskKey = await shareSealing.combine(opened.map((shares) => shares?.maskKey as string));
      expect([selfMask, maskKey]).toEqual([dealt.selfMask, dealt.maskKey]);
      expect(shareSealing.isSelfMask(selfMask as Uint8Array, dealt.keys)).toBe(true);
      expect(shareSealing.isMaskKey(maskKey as Uint8Array, dealt.keys)).toBe(true);
      expect(shareSealing.isSelfMask(maskKey as Uint8Array, dealt.keys)).toBe(false);
      expect(shareSealing.isMaskKey(selfMask as Uint8Array, dealt.keys)).toBe(false);
    }
  });

  test('copied into another hospital’s join, or another round, open nothing', async () => {
    const { keys } = await shareSealing.deal(place(A), holders, 3, next);
    for (let k = 0; k < HOLDERS.length; k++) {
      expect(await shareSealing.open(place(B), asHolder(k), keys)).toBeUndefined();
      expect(await shareSealing.open(place(A, 4), asHolder(k), keys)).toBeUndefined();
    }
  });

  test('swapped between holders, or with a hash that does not match, do not open', async () => {
    const { keys } = await shareSealing.deal(place(A), holders, 3, next);
    const [first, second, ...rest] = keys.dealt as [JoinKeys['dealt'][number], JoinKeys['dealt'][number]];
    const swapped = { ...keys, dealt: [second, first, ...rest] };
    expect(await shareSealing.open(place(A), asHolder(0), swapped)).toBeUndefined();
    const hashes = Buffer.from(first, 'base64');
    hashes.set(Buffer.from(second, 'base64').subarray(-SHARE_HASH_BYTES), hashes.length - SHARE_HASH_BYTES);
    const listed = { ...keys, dealt: [hashes.toString('base64'), second, ...rest] };
    expect(await shareSealing.open(place(A), asHolder(0), listed)).toBeUndefined();
    expect(await shareSealing.open(place(A), asHolder(3), { ...keys, dealt: [first] })).toBeUndefined();
  });

  test('mask what only the sum comes out of, whoever drops out', async () => {
    const dealt = new Map(
      await Promise.all(
        HOLDERS.map(async (msp) => [msp, await shareSealing.deal(place(msp), holders, 3, next)] as const),
      ),
    );
    const about: MaskingPlace = {
      channel: 'consilium',
      study: 'heart' as StudyId,
      round: 3,
      baseDigest: 'a'.repeat(64) as never,
      protocolHash: 'b'.repeat(64) as never,
      roster: new Map([...dealt].map(([msp, { keys }]) => [msp, keys] as const)),
    };
    const survivors = HOLDERS.slice(1);
    const sum = new Int32Array(5);
    for (const [k, msp] of survivors.entries()) {
      const vector = Int32Array.of(1, -2, 3, 2 ** 31 - 1, k);
      const secrets = dealt.get(msp);
      if (secrets) shareSealing.mask(vector, about, msp, secrets);
      for (const [i, value] of vector.entries()) sum[i] = (sum[i] as number) + value;
    }
    const selfMasks = new Map(survivors.map((msp) => [msp, dealt.get(msp)?.selfMask as Uint8Array] as const));
    const maskKeys = new Map([[A, dealt.get(A)?.maskKey as Uint8Array] as const]);
    shareSealing.unmask(sum, about, { selfMasks, maskKeys });
    expect([...sum]).toEqual([3, -6, 9, (3 * (2 ** 31 - 1)) | 0, 3]);
  });
});
