import { randomInt } from 'node:crypto';
import type { Msp } from '@consilium/domain';
import { describe, expect, test } from '@jest/globals';
import { sumVectors, vectorBytes } from '../fixedPoint.js';
import { type MaskedRound, maskVector, type Recovered, UnmaskingError, unmaskSum } from './maskedRound.js';
import { makeKeyPair } from './maskKeys.js';
import { commitmentsOf, destroySecrets, makeMaskSecrets } from './maskSecrets.js';
import { dealtBy, digest, makeRound, nameOf, plainSum, recoveredOf, roundOf } from './round.fixture.js';

/** Beyond one chunk of the keystream, and no multiple of anything. */
const LENGTH = 16_384 + 1_003;
const anything = () => Int32Array.from({ length: LENGTH }, () => randomInt(-(2 ** 31), 2 ** 31));

/** All sets of members of a certain size and more. */
function subsets(count: number, least: number): number[][] {
  return Array.from({ length: 2 ** count }, (_, bits) =>
    Array.from({ length: count }, (_, k) => k).filter((k) => (bits >> k) & 1),
  ).filter((members) => members.length >= least);
}

function allSelf(members: ReturnType<typeof makeRound>['members']): Map<Msp, Recovered> {
  return new Map(members.map(({ msp, secrets }) => [msp, { kind: 'self', secret: secrets.selfMask }]));
}

const sumOf = (vectors: readonly Int32Array[]) =>
  sumVectors(
    vectors.map((vector) => vectorBytes(vector)),
    vectors[0]?.length ?? 0,
  );

/** Jest compares one element after another, and tells them all where they differ. */
const isSame = (one: Int32Array, other: Int32Array) => Buffer.from(vectorBytes(one)).equals(vectorBytes(other));

describe('the sum of a masked round', () => {
  test.each([3, 4, 5, 6, 7])('of %d hospitals is exact with every set of survivors, whoever reveals', async (count) => {
    const made = makeRound(count, anything);
    const threshold = Math.floor(count / 2) + 1;
    const dealt = await dealtBy(made, threshold);
    const sets = subsets(count, Math.max(3, threshold));
    for (const [k, indices] of sets.entries()) {
      const survivors = indices.map((index) => made.members[index] as (typeof made.members)[number]);
      const names = new Set(survivors.map(({ msp }) => msp));
      // Another t of the members for each dealer and each set of survivors.
      const holders = (dealer: Msp) =>
        Array.from({ length: threshold }, (_, n) => nameOf((n + k + Number(dealer[1])) % count));
      const sum = sumOf(survivors.map(({ masked }) => masked));
      const expected = plainSum(survivors.map(({ vector }) => vector));
      expect(isSame(sum, expected)).toBe(false);
      unmaskSum(made.round, await recoveredOf(made, names, dealt, holders), sum);
      expect(isSame(sum, expected)).toBe(true);
    }
    expect(sets.length).toBeGreaterThan(0);
  });

  test('is the same in whatever order the roster is known, and whichever side a pair is seen from', () => {
    const made = makeRound(4, anything);
    const turned: MaskedRound = { ...made.round, roster: new Map([...made.round.roster].reverse()) };
    for (const { msp, secrets, vector, masked } of made.members) {
      const again = vector.slice();
      maskVector(turned, msp, secrets, again);
      expect(isSame(again, masked)).toBe(true);
    }
  });

  test('of one element, and of none beyond it', () => {
    const made = makeRound(3, (member) => Int32Array.of(2 ** 31 - 1 - member));
    const sum = sumOf(made.members.map(({ masked }) => masked));
    unmaskSum(made.round, allSelf(made.members), sum);
    expect(sum[0]).toBe((3 * (2 ** 31 - 1) - 3) | 0);
  });
});

describe('masks do not cancel between hospitals that differ in', () => {
  const changes: readonly (readonly [string, (round: MaskedRound) => MaskedRound])[] = [
    ['the base', (round) => ({ ...round, baseDigest: digest(9) })],
    ['the protocol', (round) => ({ ...round, protocolHash: digest(9) })],
    ['the round', (round) => ({ ...round, round: 8 })],
    ['the study', (round) => ({ ...round, study: 'lung' })],
    ['the channel', (round) => ({ ...round, channel: 'other' })],
    [
      'the roster',
      (round) => ({ ...round, roster: new Map([...round.roster, [nameOf(9), commitmentsOf(makeMaskSecrets())]]) }),
    ],
    [
      'what a join commits to',
      (round) => {
        const [first] = round.roster.keys();
        const { maskKey } = round.roster.get(first as Msp) as NonNullable<ReturnType<typeof commitmentsOf>>;
        return {
          ...round,
          roster: new Map([...round.roster, [first as Msp, { maskKey, selfMaskHash: Buffer.alloc(32) }]]),
        };
      },
    ],
  ];

  test.each(changes)('%s', (_, change) => {
    const made = makeRound(4, anything);
    const [odd] = made.members.slice(-1);
    const masked = odd?.vector.slice() as Int32Array;
    maskVector(change(made.round), odd?.msp as Msp, odd?.secrets as ReturnType<typeof makeMaskSecrets>, masked);
    const sum = sumOf([...made.members.slice(0, 3).map((member) => member.masked), masked]);
    unmaskSum(made.round, allSelf(made.members), sum);
    const expected = plainSum(made.members.map(({ vector }) => vector));
    const right = sum.filter((value, i) => value === expected[i]).length;
    expect(right).toBeLessThan(3);
  });
});

describe('what is refused', () => {
  test('a vector is not masked by secrets that the own join does not commit to', () => {
    const { round, members } = makeRound(3, () => new Int32Array(4));
    const [first, second] = members as [(typeof members)[number], (typeof members)[number]];
    const vector = new Int32Array(4);
    for (const secrets of [
      makeMaskSecrets(),
      { ...first.secrets, selfMask: second.secrets.selfMask },
      { ...first.secrets, maskKey: second.secrets.maskKey },
      { ...first.secrets, selfMask: new Uint8Array(31) },
    ])
      expect(() => maskVector(round, first.msp, secrets, vector)).toThrow(/not those that the join/);
    expect(() => maskVector(round, nameOf(8), first.secrets, vector)).toThrow(RangeError);
    expect([...vector]).toEqual([0, 0, 0, 0]);
  });

  test('destroyed secrets mask nothing', () => {
    const { round, members } = makeRound(3, () => new Int32Array(4));
    const [first] = members;
    destroySecrets(first?.secrets as ReturnType<typeof makeMaskSecrets>);
    expect(first?.secrets.selfMask.every((byte) => byte === 0)).toBe(true);
    expect(() => maskVector(round, first?.msp as Msp, first?.secrets as never, new Int32Array(4))).toThrow(RangeError);
  });

  test.each([
    ['is missing', (found: Map<Msp, Recovered>, of: Msp) => found.delete(of)],
    [
      'is another one',
      (found: Map<Msp, Recovered>, of: Msp) => found.set(of, { kind: 'self', secret: makeMaskSecrets().selfMask }),
    ],
    [
      'is of the other kind',
      (found: Map<Msp, Recovered>, of: Msp) =>
        found.set(of, { kind: 'mask', secret: found.get(of)?.secret as Uint8Array }),
    ],
  ])('a sum is not unmasked where a secret %s, and it is said whose', (_, spoil) => {
    const { round, members } = makeRound(4, () => new Int32Array(4));
    const recovered = allSelf(members);
    spoil(recovered, nameOf(2));
    const sum = new Int32Array(4);
    let error: unknown;
    try {
      unmaskSum(round, recovered, sum);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(UnmaskingError);
    expect((error as UnmaskingError).msp).toBe(nameOf(2));
    expect([...sum]).toEqual([0, 0, 0, 0]);
  });

  test('a mask key of small order makes no mask', () => {
    const members = new Map(Array.from({ length: 3 }, (_, k) => [nameOf(k), makeMaskSecrets()]));
    const round = roundOf(members);
    for (const maskKey of [new Uint8Array(32), Uint8Array.of(1, ...new Uint8Array(31))]) {
      const roster = new Map([...round.roster, [nameOf(2), { maskKey, selfMaskHash: new Uint8Array(32) }]]);
      const ask = () => maskVector({ ...round, roster }, nameOf(0), members.get(nameOf(0)) as never, new Int32Array(4));
      expect(ask).toThrow(/small order/);
    }
    expect(makeKeyPair().publicKey).toHaveLength(32);
  });
});
