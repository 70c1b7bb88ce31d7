/**
 * A masked vector must look like noise to everybody who does not hold the secrets. The checks are told what they would miss:
 * each negative control is a vector whose mask is known, or is used twice, and has to be caught.
 */
import { randomBytes } from 'node:crypto';
import type { Msp } from '@consilium/domain';
import { describe, expect, test } from '@jest/globals';
import { vectorBytes } from '../fixedPoint.js';
import { type Recovered, unmaskSum } from './maskedRound.js';
import { addMasks } from './maskStream.js';
import { type Member, makeRound } from './round.fixture.js';

const LENGTH = 200_000;
/** In standard deviations: by chance one check in some 10^8 is beyond it, and there are about a thousand. */
const DEVIATIONS_MAX = 6.5;

/** What a hospital sends: small numbers, many of them alike, more of them above 0. */
const update = (member: number) =>
  Int32Array.from({ length: LENGTH }, (_, i) => ((i * 7919 + member * 31) % 2_001) - 400);

/** How far a vector's bytes are from even, each by its number of standard deviations. */
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
  for (const lag of [1, 2, 16, 16_384]) found[`correlation at ${lag}`] = correlation(vector, vector, lag);
  return found;
}

/** Of two vectors, the second one shifted. */
function correlation(one: Int32Array, other: Int32Array, lag = 0): number {
  let sum = 0;
  for (let i = lag; i < one.length; i++) sum += (one[i] as number) * (other[i - lag] as number);
  // An even int32 has variance 2^64 / 12.
  return sum / (2 ** 64 / 12) / Math.sqrt(one.length - lag);
}

const beyond = (found: Record<string, number>) =>
  Object.entries(found).filter(([, distance]) => Math.abs(distance) > DEVIATIONS_MAX);

/** The difference of two vectors modulo 2^32. */
const less = (one: Int32Array, other: Int32Array) => one.map((value, i) => (value - (other[i] as number)) | 0);

describe('a masked vector', () => {
  test('is as even as noise, by value, bit and neighbour', () => {
    for (const { masked } of makeRound(4, update).members) expect(beyond(distances(masked))).toEqual([]);
  });

  test('of nothing at all is as even', () => {
    for (const { masked } of makeRound(4, () => new Int32Array(LENGTH)).members)
      expect(beyond(distances(masked))).toEqual([]);
  });

  test('tells nothing of its vector, nor of another hospital’s masked vector', () => {
    const { members } = makeRound(4, update);
    const scaled = members[0]?.vector.map((value) => value * 2_000_000) as Int32Array;
    const known = correlation(members[0]?.masked as Int32Array, scaled);
    expect(Math.abs(known)).toBeLessThan(DEVIATIONS_MAX);
    for (const [k, one] of members.entries())
      for (const other of members.slice(k + 1)) {
        expect(Math.abs(correlation(one.masked, other.masked))).toBeLessThan(DEVIATIONS_MAX);
        expect(beyond(distances(less(one.masked, other.masked)))).toEqual([]);
      }
  });

  test('of the same vector in the next round shares nothing with it', () => {
    const [one, other] = [makeRound(3, update), makeRound(3, update)].map(({ members }) => members[0]?.masked);
    expect(beyond(distances(less(one as Int32Array, other as Int32Array)))).toEqual([]);
  });

  test('the sum over fewer than all survivors is noise still, with every self mask known', () => {
    const { members } = makeRound(4, update);
    const sum = new Int32Array(LENGTH);
    for (const { masked, secrets } of members.slice(0, 3)) {
      for (let i = 0; i < LENGTH; i++) sum[i] = ((sum[i] as number) + (masked[i] as number)) | 0;
      addMasks(sum, [{ seed: secrets.selfMask, sign: -1 }]);
    }
    expect(beyond(distances(sum))).toEqual([]);
  });
});

describe('the checks catch', () => {
  test('a vector without masks', () => {
    expect(beyond(distances(update(0))).length).toBeGreaterThan(20);
  });

  test('a vector that only pair masks hide, from colluders who have the other halves of them', () => {
    const { round, members } = makeRound(3, update);
    const [own, ...colluders] = members as [Member, ...Member[]];
    const recovered = new Map<Msp, Recovered>([
      [own.msp, { kind: 'self', secret: own.secrets.selfMask }],
      ...colluders.map(({ msp, secrets }) => [msp, { kind: 'mask', secret: secrets.maskKey }] as const),
    ]);
    // Their mask keys take all pair masks away, and the self mask goes with them, as if there had been none.
    const opened = own.masked.slice();
    unmaskSum(round, recovered, opened);
    expect(opened).toEqual(own.vector);
    expect(beyond(distances(opened)).length).toBeGreaterThan(20);
    // With the self mask in its place the same colluders see noise.
    addMasks(opened, [{ seed: own.secrets.selfMask, sign: 1 }]);
    expect(beyond(distances(opened))).toEqual([]);
  });

  test('one keystream under two vectors', () => {
    const seed = randomBytes(32);
    const [one, other] = [update(0), update(1)];
    addMasks(one, [{ seed: seed, sign: 1 }]);
    addMasks(other, [{ seed: seed, sign: 1 }]);
    expect(beyond(distances(one))).toEqual([]);
    expect(beyond(distances(less(one, other))).length).toBeGreaterThan(20);
  });

  test('a keystream that begins again after each chunk', () => {
    const seed = randomBytes(32);
    const vector = update(0);
    for (let start = 0; start < LENGTH; start += 16_384)
      addMasks(vector.subarray(start, start + 16_384), [{ seed: seed, sign: 1 }]);
    expect(beyond(distances(vector)).map(([name]) => name)).toContain('correlation at 16384');
  });

  test('a mask that adds to the lowest 16 bits alone', () => {
    const vector = update(0);
    const mask = new Int32Array(LENGTH);
    addMasks(mask, [{ seed: randomBytes(32), sign: 1 }]);
    const half = vector.map((value, i) => (value + ((mask[i] as number) & 0xffff)) | 0);
    expect(beyond(distances(half)).length).toBeGreaterThan(10);
  });
});
