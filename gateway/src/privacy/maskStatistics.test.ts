/**
 * A masked vector must look like noise to everybody who does not hold the secrets: by value, bit and neighbour, and beside
 * what else is seen. Each negative control is a vector whose mask is known, or is used twice, and has to be caught.
 */
import { randomBytes } from 'node:crypto';
import type { Digest, Msp, StudyId } from '@consilium/domain';
import { describe, expect, test } from '@jest/globals';
import { vectorBytes } from './fixedPoint.js';
import { addKeystream, type MaskedRound, maskVector } from './roundMasks.js';
import { makeX25519Pair } from './x25519Keys.js';

const LENGTH = 200_000;
/** Elements of one piece of keystream. */
const CHUNK = 16_384;
/** In standard deviations: by chance one check in some 10^8 is beyond it, and there are about a thousand. */
const DEVIATIONS_MAX = 6.5;
const ROUND: MaskedRound = {
  channel: 'consilium',
  study: 'heart' as StudyId,
  round: 3,
  baseDigest: 'a'.repeat(64) as Digest,
  rosterDigest: 'b'.repeat(64) as Digest,
  protocolHash: 'c'.repeat(64) as Digest,
};

/** What a hospital sends: small numbers, many of them alike, more of them above 0. */
const update = (member: number) =>
  Int32Array.from({ length: LENGTH }, (_, i) => ((i * 7919 + member * 31) % 2_001) - 400);

type Member = Readonly<{ plain: Int32Array; masked: Int32Array; selfMask: Uint8Array }>;

/** A round of so many hospitals, each with secrets of its own, as the agents mask it. */
function maskedRound(count: number, plainOf: (member: number) => Int32Array, round = ROUND): Member[] {
  const roster = Array.from({ length: count }, (_, k) => `H${k}MSP` as Msp);
  const pairs = roster.map(() => makeX25519Pair());
  const keys = new Map(roster.map((msp, k) => [msp, (pairs[k] as (typeof pairs)[number]).publicKey] as const));
  return roster.map((msp, k) => {
    const { privateKey: maskKey } = pairs[k] as (typeof pairs)[number];
    const selfMask = Uint8Array.from(randomBytes(32));
    const masked = plainOf(k);
    maskVector(masked, round, msp, { selfMask, maskKey }, keys);
    return { plain: plainOf(k), masked, selfMask };
  });
}

/** How far a vector is from even noise: by byte values, by bit and by neighbours, each in standard deviations. */
function distances(vector: Int32Array): Record<string, number> {
  const bytes = vectorBytes(vector);
  const found: Record<string, number> = {};
  for (let place = 0; place < 4; place++) {
    const counts = new Float64Array(256);
    for (let i = place; i < bytes.length; i += 4) {
      const value = bytes[i] as number;
      counts[value] = (counts[value] as number) + 1;
    }
    const expected = vector.length / 256;
    const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    found[`values of byte ${place}`] = (chiSquare - 255) / Math.sqrt(2 * 255);
  }
  for (let bit = 0; bit < 32; bit++) {
    let ones = 0;
    for (const value of vector) ones += (value >>> bit) & 1;
    found[`bit ${bit}`] = (2 * ones - vector.length) / Math.sqrt(vector.length);
  }
  for (const lag of [1, 2, 16, CHUNK]) found[`correlation at ${lag}`] = correlation(vector, vector, lag);
  return found;
}

/** Of two vectors, the second one shifted, in standard deviations. */
function correlation(one: Int32Array, other: Int32Array, lag = 0): number {
  let sum = 0;
  for (let i = lag; i < one.length; i++) sum += (one[i] as number) * (other[i - lag] as number);
  // An even int32 has variance 2^64 / 12.
  return sum / (2 ** 64 / 12) / Math.sqrt(one.length - lag);
}

const beyond = (vector: Int32Array) =>
  Object.entries(distances(vector))
    .filter(([, distance]) => Math.abs(distance) > DEVIATIONS_MAX)
    .map(([name]) => name);

/** The difference of two vectors modulo 2^32. */
const less = (one: Int32Array, other: Int32Array) => one.map((value, i) => value - (other[i] as number));

describe('a masked vector', () => {
  test('is as even as noise, by value, bit and neighbour, also where there is nothing below', () => {
    for (const { masked } of maskedRound(3, update)) expect(beyond(masked)).toEqual([]);
    for (const { masked } of maskedRound(3, () => new Int32Array(LENGTH))) expect(beyond(masked)).toEqual([]);
  });

  test('tells nothing of its vector, nor of another hospital’s masked vector', () => {
    const members = maskedRound(3, update);
    for (const [k, { masked, plain }] of members.entries()) {
      const scaled = plain.map((value) => value * 1_000_000);
      expect(Math.abs(correlation(masked, scaled))).toBeLessThan(DEVIATIONS_MAX);
      for (const other of members.slice(k + 1)) {
        expect(Math.abs(correlation(masked, other.masked))).toBeLessThan(DEVIATIONS_MAX);
        expect(beyond(less(masked, other.masked))).toEqual([]);
      }
    }
  });

  test('of the same vector in the next round shares nothing with it', () => {
    const [one, other] = [ROUND, { ...ROUND, round: 4 }].map((round) => maskedRound(3, update, round)[0]?.masked);
    expect(beyond(less(one as Int32Array, other as Int32Array))).toEqual([]);
  });

  test('added to fewer than all survivors is noise still, with every self mask known', () => {
    const sum = new Int32Array(LENGTH);
    const members = maskedRound(4, update);
    const addedUp = (few: readonly Member[]) => {
      sum.fill(0);
      for (const { masked, selfMask } of few) {
        for (let i = 0; i < LENGTH; i++) sum[i] = (sum[i] as number) + (masked[i] as number);
        addKeystream(sum, selfMask, -1);
      }
      return sum;
    };
    expect(beyond(addedUp(members.slice(0, 3)))).toEqual([]);
    expect(beyond(addedUp(members.slice(2)))).toEqual([]);
    // All of them: the pairs' masks are gone.
    expect(beyond(addedUp(members)).length).toBeGreaterThan(20);
  });
});

describe('the checks catch', () => {
  test('a vector without masks', () => {
    expect(beyond(update(0)).length).toBeGreaterThan(20);
  });

  test('one keystream under two vectors', () => {
    const seed = randomBytes(32);
    const [one, other] = [update(0), update(1)];
    addKeystream(one, seed, 1);
    addKeystream(other, seed, 1);
    expect(beyond(one)).toEqual([]);
    expect(beyond(less(one, other)).length).toBeGreaterThan(20);
  });

  test('a keystream that begins again after each piece', () => {
    const seed = randomBytes(32);
    const vector = update(0);
    for (let start = 0; start < LENGTH; start += CHUNK) addKeystream(vector.subarray(start, start + CHUNK), seed, 1);
    expect(beyond(vector)).toContain(`correlation at ${CHUNK}`);
  });

  test('a mask on the lowest 16 bits alone', () => {
    const mask = new Int32Array(LENGTH);
    addKeystream(mask, randomBytes(32), 1);
    expect(beyond(update(0).map((value, i) => value + ((mask[i] as number) & 0xffff))).length).toBeGreaterThan(10);
  });
});
