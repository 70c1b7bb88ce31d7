import { describe, expect, test } from '@jest/globals';
import {
  addElements,
  quantise,
  quantiseTotal,
  quantiseUpdate,
  sumVectors,
  vectorBytes,
  vectorOf,
} from './fixedPoint.js';

const RULES = { round: 3, weight: 10, weightMax: 1_000, clipNorm: 8, scale: 2 ** 16 };

describe('quantise', () => {
  test('rounds halves up, below zero too', () => {
    expect([1.5, 2.5, -1.5, -2.5, 0.49, -0.5].map((value) => quantise(value, 1))).toEqual([2, 3, -1, -2, 0, 0]);
    expect(quantise(0.1, 1024)).toBe(102);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])('refuses %s', (value) => {
    expect(() => quantise(value, 1024)).toThrow(RangeError);
  });

  test('a total beyond its bound is refused', () => {
    expect(quantiseTotal(10, 10, 4)).toBe(40);
    for (const total of [10.001, -10.001, Number.NaN])
      expect(() => quantiseTotal(total, 10, 4)).toThrow(/UPDATE_OVERFLOWS/);
  });
});

describe('quantiseUpdate', () => {
  test('multiplies the difference by weight and scale, tensors in order', () => {
    const out = new Int32Array(3);
    const trained = [new Float32Array([1.5, 2]), new Float32Array([0.25])];
    const base = [new Float32Array([1, 2]), new Float32Array([0.5])];
    const { norm, clipped } = quantiseUpdate(trained, base, RULES, out);
    expect([...out]).toEqual([5 * 65_536, 0, -2.5 * 65_536]);
    expect(norm).toBeCloseTo(Math.hypot(0.5, 0.25), 12);
    expect(clipped).toBe(false);
  });

  test('scales an update down to the clip norm', () => {
    const out = new Int32Array(2);
    const { clipped } = quantiseUpdate([new Float32Array([30, 40])], [new Float32Array(2)], RULES, out);
    expect(clipped).toBe(true);
    expect([...out]).toEqual([48 * 65_536, 64 * 65_536]);
  });

  test('an update of one huge element ends exactly at the bound', () => {
    const out = new Int32Array(1);
    quantiseUpdate([new Float32Array([3e38])], [new Float32Array(1)], { ...RULES, weight: 1_000 }, out);
    expect(out[0]).toBe(8_000 * 65_536);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY])('refuses %s and names the round', (value) => {
    const update = [new Float32Array([value])];
    expect(() => quantiseUpdate(update, [new Float32Array(1)], RULES, new Int32Array(1))).toThrow(
      /^TRAINING_NOT_FINITE: .*round 3/,
    );
  });

  test('refuses a weight beyond its maximum', () => {
    const update = [new Float32Array([8])];
    expect(() => quantiseUpdate(update, [new Float32Array(1)], { ...RULES, weight: 1_001 }, new Int32Array(1))).toThrow(
      /^UPDATE_OVERFLOWS/,
    );
  });

  test('a million elements are exact to the last', () => {
    const trained = new Float32Array(1_000_000).fill(2 ** -10);
    const out = new Int32Array(trained.length);
    expect(quantiseUpdate([trained], [new Float32Array(trained.length)], RULES, out).norm).toBeCloseTo(
      1_000 / 1_024,
      9,
    );
    const sum = sumVectors([vectorBytes(out), vectorBytes(out), vectorBytes(out)], out.length);
    expect(sum.every((element) => element === 3 * 640)).toBe(true);
  });
});

describe('vectors', () => {
  test('are little-endian int32', () => {
    expect([...vectorBytes(new Int32Array([1, -2]))]).toEqual([1, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff]);
  });

  test('are read from any offset', () => {
    const bytes = new Uint8Array([9, 1, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff]).subarray(1);
    expect([...vectorOf(bytes)]).toEqual([1, -2]);
    expect(() => vectorOf(bytes.subarray(1))).toThrow(RangeError);
  });

  test('add up piece by piece', () => {
    const sum = Int32Array.of(1, 2, 2 ** 31 - 1);
    addElements(sum, vectorBytes(Int32Array.of(10)), 0);
    addElements(sum, vectorBytes(Int32Array.of(20, 1)), 1);
    expect([...sum]).toEqual([11, 22, -(2 ** 31)]);
    expect(() => addElements(sum, vectorBytes(Int32Array.of(1, 1)), 2)).toThrow(RangeError);
    expect(() => addElements(sum, new Uint8Array(3), 0)).toThrow(RangeError);
  });

  test('add up modulo 2^32', () => {
    const vectors = [2 ** 31 - 1, 5, -7].map((value) => vectorBytes(new Int32Array([value])));
    expect([...sumVectors(vectors, 1)]).toEqual([2 ** 31 - 3]);
    expect([...sumVectors(vectors.slice(0, 2), 1)]).toEqual([-(2 ** 31) + 4]);
    expect(() => sumVectors(vectors, 2)).toThrow(RangeError);
  });
});
