import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  dequantise,
  quantise,
  quantiseUpdate,
  sumVectors,
  vectorBytes,
  vectorOf,
} from '../../gateway/src/privacy/fixedPoint.js';

const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const vectors = fc
  .integer({ min: 1, max: 40 })
  .chain((length) =>
    fc.array(fc.array(int32, { minLength: length, maxLength: length }), { minLength: 1, maxLength: 8 }),
  );

describe('fixed-point codec', () => {
  test('a number comes back within half a step', () => {
    fc.assert(
      fc.property(fc.double({ min: -8_000, max: 8_000, noNaN: true }), fc.integer({ min: 10, max: 18 }), (x, bits) => {
        const scale = 2 ** bits;
        expect(Math.abs(dequantise(quantise(x, scale), scale) - x)).toBeLessThanOrEqual(0.5 / scale);
      }),
    );
  });

  test('what was quantised once is quantised to itself', () => {
    fc.assert(fc.property(int32, (q) => quantise(dequantise(q, 4_096), 4_096) === q));
  });

  test('vectors survive their bytes', () => {
    fc.assert(
      fc.property(fc.array(int32), (elements) => {
        expect([...vectorOf(vectorBytes(Int32Array.from(elements)))]).toEqual(elements);
      }),
    );
  });

  test('a sum is that of integers modulo 2^32, in whatever order and grouping', () => {
    fc.assert(
      fc.property(vectors, fc.infiniteStream(fc.nat()), (rows, order) => {
        const length = rows[0]?.length as number;
        const bytes = rows.map((row) => vectorBytes(Int32Array.from(row)));
        const shuffled = bytes
          .map((row) => ({ row, key: order.next().value }))
          .sort((a, b) => a.key - b.key)
          .map(({ row }) => row);
        const wanted = Array.from({ length }, (_, i) =>
          Number(
            BigInt.asIntN(
              32,
              rows.reduce((sum, row) => sum + BigInt(row[i] as number), 0n),
            ),
          ),
        );
        expect([...sumVectors(bytes, length)]).toEqual(wanted);
        expect([...sumVectors(shuffled, length)]).toEqual(wanted);
        const half = Math.floor(bytes.length / 2);
        const parts = [bytes.slice(0, half), bytes.slice(half)].map((part) => vectorBytes(sumVectors(part, length)));
        expect([...sumVectors(parts, length)]).toEqual(wanted);
      }),
    );
  });

  test('an update is clipped to its norm, and no element leaves the bound of the sum', () => {
    const update = fc.array(fc.float({ min: -1_000, max: 1_000, noNaN: true }), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(
        update,
        fc.integer({ min: 0, max: 1_000 }),
        fc.double({ min: 0.01, max: 100, noNaN: true }),
        (elements, weight, clipNorm) => {
          const rules = { round: 1, weight, weightMax: 1_000, clipNorm, scale: 1_024 };
          const out = new Int32Array(elements.length);
          const trained = Float32Array.from(elements);
          const { norm, clipped } = quantiseUpdate([trained], [new Float32Array(trained.length)], rules, out);
          expect(clipped).toBe(norm > clipNorm);
          const kept = Math.hypot(...[...out].map((value) => (weight === 0 ? 0 : value / 1_024 / weight)));
          expect(kept).toBeLessThanOrEqual(clipNorm + Math.sqrt(elements.length) / 1_024);
          for (const value of out) expect(Math.abs(value)).toBeLessThanOrEqual(1_000 * clipNorm * 1_024 + 1);
        },
      ),
    );
  });
});
