import { describe, expect, jest, test } from '@jest/globals';
import { SystemNoise } from './systemNoise.js';

const DRAWS = 200_000;
/** Kolmogorov's bound at a probability of 1e-6 to fail by chance: sqrt(ln(2 / 1e-6) / 2). */
const KOLMOGOROV = Math.sqrt(Math.log(2 / 1e-6) / 2);

/** Abramowitz and Stegun, "Handbook of Mathematical Functions", 7.1.26: off by 1.5e-7 at most. */
function normalDistribution(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const error = 1 - series * Math.exp(-x * x);
  return z > 0 ? (1 + error) / 2 : (1 - error) / 2;
}

/** sqrt(n) times the largest distance between the draws' distribution and another. */
function kolmogorov(draws: Float64Array, distribution: (value: number) => number): number {
  const sorted = draws.slice().sort();
  let most = 0;
  for (const [k, value] of sorted.entries()) {
    const expected = distribution(value);
    most = Math.max(most, (k + 1) / sorted.length - expected, expected - k / sorted.length);
  }
  return most * Math.sqrt(sorted.length);
}

function normals(deviation: number, count = DRAWS): Float64Array {
  const out = new Float64Array(count);
  new SystemNoise().fillNormal(out, deviation);
  return out;
}

const correlation = (one: Float64Array, other: Float64Array) =>
  one.reduce((sum, value, i) => sum + value * (other[i] as number), 0) / one.length;

describe('noise', () => {
  test('is normal, with the deviation asked for', () => {
    const draws = normals(3);
    expect(kolmogorov(draws, (value) => normalDistribution(value / 3))).toBeLessThan(KOLMOGOROV);
    const variance = draws.reduce((sum, value) => sum + value * value, 0) / DRAWS;
    // Five deviations of the variance's own estimate.
    expect(Math.abs(variance / 9 - 1)).toBeLessThan(5 * Math.sqrt(2 / DRAWS));
  });

  test('reaches as far out as normal noise does', () => {
    const beyond = normals(1, 2_000_000).filter((value) => Math.abs(value) > 4).length;
    // 2 * 3.167e-5 of them.
    expect(beyond).toBeGreaterThan(60);
    expect(beyond).toBeLessThan(220);
  });

  test('is what the check finds: a deviation 3 % too small, even noise, and noise of 4 bits are told apart', () => {
    // So many of the first that chance does not hide it.
    const fails = (draws: Float64Array) => expect(kolmogorov(draws, normalDistribution)).toBeGreaterThan(KOLMOGOROV);
    fails(normals(0.97, 5 * DRAWS));
    const noise = new SystemNoise();
    fails(Float64Array.from({ length: DRAWS }, () => (noise.unit() - 0.5) * Math.sqrt(12)));
    fails(normals(1).map((value) => Math.round(value * 4) / 4));
  });

  test('of neighbours, of the two draws of a pair and of two sources is unrelated', () => {
    const [one, other] = [normals(1), normals(1)];
    const bound = 5 / Math.sqrt(DRAWS);
    expect(Math.abs(correlation(one, other))).toBeLessThan(bound);
    expect(Math.abs(correlation(one.subarray(0, -1), one.subarray(1)))).toBeLessThan(bound);
    const squares = one.map((value) => value * value - 1);
    expect(Math.abs(correlation(squares.subarray(0, -1), squares.subarray(1)))).toBeLessThan(2 * bound);
  });

  test('never comes from Math.random, and never twice', () => {
    const random = jest.spyOn(Math, 'random').mockReturnValue(0.5);
    try {
      const [one, other] = [normals(1, 100), normals(1, 100)];
      expect(random).not.toHaveBeenCalled();
      expect(new Set([...one, ...other]).size).toBe(200);
    } finally {
      random.mockRestore();
    }
  });

  test('fills an odd number to the last', () => {
    expect(normals(1, 7).every((value) => value !== 0)).toBe(true);
  });
});

describe('units', () => {
  test('are even in [0, 1) to the last of 53 bits', () => {
    const noise = new SystemNoise();
    const draws = Float64Array.from({ length: DRAWS }, () => noise.unit());
    expect(kolmogorov(draws, (value) => value)).toBeLessThan(KOLMOGOROV);
    expect(draws.every((value) => value >= 0 && value < 1)).toBe(true);
    const lastBits = draws.reduce((sum, value) => sum + ((value * 2 ** 53) % 2), 0);
    expect(Math.abs(lastBits - DRAWS / 2)).toBeLessThan((5 * Math.sqrt(DRAWS)) / 2);
  });
});
