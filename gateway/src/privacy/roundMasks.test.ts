import { createCipheriv, randomBytes } from 'node:crypto';
import { endianness } from 'node:os';
import type { Digest, Msp, StudyId } from '@consilium/domain';
import { describe, expect, test } from '@jest/globals';
import { addKeystream, type MaskedRound, type MaskSecrets, maskVector, pairSeed, unmaskSum } from './roundMasks.js';
import { combineShares, splitSecret } from './secretShares.js';
import { makeX25519Pair, x25519PublicKey, x25519Secret } from './x25519Keys.js';

const ROUND: MaskedRound = {
  channel: 'consilium',
  study: 'heart' as StudyId,
  round: 3,
  baseDigest: 'a'.repeat(64) as Digest,
  rosterDigest: 'b'.repeat(64) as Digest,
  protocolHash: 'c'.repeat(64) as Digest,
};
const hospitals = (count: number) => Array.from({ length: count }, (_, k) => `H${k}MSP` as Msp);

function dealer() {
  const { privateKey, publicKey } = makeX25519Pair();
  return {
    secrets: { selfMask: Uint8Array.from(randomBytes(32)), maskKey: privateKey } satisfies MaskSecrets,
    publicKey,
  };
}

function addUp(vectors: readonly Int32Array[]): Int32Array {
  const sum = new Int32Array(vectors[0]?.length ?? 0);
  for (const vector of vectors) for (const [k, value] of vector.entries()) sum[k] = (sum[k] as number) + value;
  return sum;
}

const randomVector = (length: number) => new Int32Array(Uint8Array.from(randomBytes(4 * length)).buffer);

test('this machine is little-endian, as the masks are', () => {
  expect(endianness()).toBe('LE');
});

describe('masks', () => {
  const subsets = <T>(items: readonly T[]): T[][] =>
    Array.from({ length: 2 ** items.length }, (_, chosen) => items.filter((_item, k) => chosen & (1 << k)));

  test.each([3, 4, 5, 6, 7])(
    'of %s hospitals come off exactly, whoever drops out, by the shares of t of them',
    async (count) => {
      const roster = hospitals(count);
      const threshold = Math.floor(count / 2) + 1;
      const dealers = new Map(roster.map((msp) => [msp, dealer()] as const));
      const keys = new Map([...dealers].map(([msp, { publicKey }]) => [msp, publicKey] as const));
      const plain = new Map(roster.map((msp) => [msp, randomVector(33)] as const));
      const masked = new Map(
        [...plain].map(([msp, vector]) => {
          const copy = Int32Array.from(vector);
          maskVector(copy, ROUND, msp, dealers.get(msp)?.secrets as MaskSecrets, keys);
          return [msp, copy] as const;
        }),
      );
      const shares = new Map<Msp, { selfMask: Uint8Array[]; maskKey: Uint8Array[] }>();
      for (const [msp, { secrets }] of dealers)
        shares.set(msp, {
          selfMask: await splitSecret(secrets.selfMask, count, threshold),
          maskKey: await splitSecret(secrets.maskKey, count, threshold),
        });
      let checked = 0;
      for (const survivors of subsets(roster).filter(({ length }) => length >= Math.max(3, threshold))) {
        // The last t holders, whether they survived or not.
        const opened = async (msp: Msp, kind: 'selfMask' | 'maskKey') =>
          (await combineShares((shares.get(msp)?.[kind] ?? []).slice(-threshold))) as Uint8Array;
        const selfMasks = new Map<Msp, Uint8Array>();
        for (const msp of survivors) selfMasks.set(msp, await opened(msp, 'selfMask'));
        const maskKeys = new Map<Msp, Uint8Array>();
        for (const msp of roster.filter((each) => !survivors.includes(each)))
          maskKeys.set(msp, await opened(msp, 'maskKey'));
        const sum = addUp(survivors.map((msp) => masked.get(msp) as Int32Array));
        unmaskSum(sum, ROUND, keys, { selfMasks, maskKeys });
        expect([...sum]).toEqual([...addUp(survivors.map((msp) => plain.get(msp) as Int32Array))]);
        checked += 1;
      }
      expect(checked).toBeGreaterThan(0);
    },
  );

  test.each<[string, Partial<MaskedRound>]>([
    ['another base', { baseDigest: 'd'.repeat(64) as Digest }],
    ['another roster', { rosterDigest: 'd'.repeat(64) as Digest }],
    ['another protocol', { protocolHash: 'd'.repeat(64) as Digest }],
    ['another round', { round: 4 }],
    ['another study', { study: 'lung' as StudyId }],
    ['another channel', { channel: 'other' }],
  ])('of a hospital that is over %s do not cancel', (_, change) => {
    const roster = hospitals(3);
    const dealers = roster.map(() => dealer());
    const keys = new Map(roster.map((msp, k) => [msp, (dealers[k] as ReturnType<typeof dealer>).publicKey] as const));
    const masked = roster.map((msp, k) => {
      const vector = new Int32Array(64);
      const round = k === 1 ? { ...ROUND, ...change } : ROUND;
      maskVector(vector, round, msp, (dealers[k] as ReturnType<typeof dealer>).secrets, keys);
      return vector;
    });
    const sum = addUp(masked);
    const selfMasks = new Map(
      roster.map((msp, k) => [msp, (dealers[k] as ReturnType<typeof dealer>).secrets.selfMask]),
    );
    unmaskSum(sum, ROUND, keys, { selfMasks, maskKeys: new Map() });
    expect([...sum].filter((value) => value === 0).length).toBeLessThan(4);
  });

  test('of a pair are the same from either side, and refuse a key of small order', () => {
    const [a, b] = [makeX25519Pair(), makeX25519Pair()];
    const [one, two] = hospitals(2) as [Msp, Msp];
    expect(pairSeed(ROUND, one, a.privateKey, two, b.publicKey)).toEqual(
      pairSeed(ROUND, two, b.privateKey, one, a.publicKey),
    );
    const vector = Int32Array.of(1, 2, 3);
    const keys = new Map([
      [one, a.publicKey],
      [two, new Uint8Array(32)],
    ] as const);
    expect(() =>
      maskVector(vector, ROUND, one, { selfMask: new Uint8Array(32), maskKey: a.privateKey }, keys),
    ).toThrow();
    expect([...vector]).toEqual([1, 2, 3]);
    expect(() => x25519Secret(new Uint8Array(31), b.publicKey)).toThrow(RangeError);
    expect(x25519PublicKey(a.privateKey)).toEqual(a.publicKey);
  });

  test('are the keystream of AES-256-CTR from a zero counter, over chunks and at the end', () => {
    const seed = randomBytes(32);
    const length = 64 * 1024 + 12_345;
    const vector = new Int32Array(length);
    addKeystream(vector, seed, 1);
    const whole = createCipheriv('aes-256-ctr', seed, Buffer.alloc(16)).update(Buffer.alloc(4 * length));
    for (const at of [0, 1, 16_383, 16_384, 16_385, length - 1]) expect(vector[at]).toBe(whole.readInt32LE(4 * at));
    addKeystream(vector, seed, -1);
    expect(vector.every((value) => value === 0)).toBe(true);
  });
});

/**
 * Chi-square of the 256 values of each byte position of an int32, 255 degrees of freedom each: of uniform bytes the sum of
 * the four is 1,020 on average with a standard deviation of 45.
 */
function chiSquare(vector: Int32Array): number {
  const bytes = new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength);
  let total = 0;
  for (let position = 0; position < 4; position++) {
    const counts = new Float64Array(256);
    for (let at = position; at < bytes.length; at += 4)
      counts[bytes[at] as number] = (counts[bytes[at] as number] as number) + 1;
    const expected = vector.length / 256;
    for (const count of counts) total += (count - expected) ** 2 / expected;
  }
  return total;
}

describe('what an outsider sees of one hospital', () => {
  const LENGTH = 200_000;
  // Small numbers around zero, as updates are.
  const update = () => Int32Array.from({ length: LENGTH }, (_, k) => ((k * 7_919) % 2_001) - 1_000);
  const roster = hospitals(4);
  const dealers = roster.map(() => dealer());
  const keys = new Map(roster.map((msp, k) => [msp, (dealers[k] as ReturnType<typeof dealer>).publicKey] as const));
  const own = roster[0] as Msp;
  const { secrets } = dealers[0] as ReturnType<typeof dealer>;
  const UNIFORM = 1_020 + 8 * 45;

  test('is indistinguishable from uniform', () => {
    const vector = update();
    maskVector(vector, ROUND, own, secrets, keys);
    expect(chiSquare(vector)).toBeLessThan(UNIFORM);
    const plain = update();
    const difference = vector.map((value, k) => value - (plain[k] as number));
    expect(chiSquare(difference)).toBeLessThan(UNIFORM);
  });

  test('would be found not to be, were it not masked', () => {
    expect(chiSquare(update())).toBeGreaterThan(10 * UNIFORM);
  });

  test('would be found not to be, had it pair masks only, by who knows the others’ secrets', () => {
    const vector = update();
    maskVector(vector, ROUND, own, { ...secrets, selfMask: secrets.selfMask }, keys);
    addKeystream(vector, secrets.selfMask, -1);
    expect(chiSquare(vector)).toBeLessThan(UNIFORM);
    for (const [k, other] of roster.entries()) {
      if (other === own) continue;
      const { maskKey } = (dealers[k] as ReturnType<typeof dealer>).secrets;
      const seed = pairSeed(ROUND, other, maskKey, own, keys.get(own) as Uint8Array);
      addKeystream(vector, seed, own < other ? -1 : 1);
    }
    expect(chiSquare(vector)).toBeGreaterThan(10 * UNIFORM);
    expect([...vector.subarray(0, 5)]).toEqual([...update().subarray(0, 5)]);
  });
});
