import { describe, expect, test } from '@jest/globals';
import { noiseMultiplierFor, privacySpent, spentMicroEpsilonAfterRounds, stepDivergences } from './accountant.js';

/** q, sigma, steps, delta, epsilon at integer orders 2 to 256, the order; and what a finer accountant (PLD) gives. */
const KNOWN = [
  [0.04, 1.5, 2_250, 1e-5, 7.329876774, 4, 6.7688],
  [0.01, 1.1, 1_000, 1e-5, 1.725290818, 9, 1.5154],
  [256 / 60_000, 1.1, 14_062, 1e-5, 2.596981179, 8, 2.3817],
  [0.01, 4, 10_000, 1e-5, 1.035490066, 17, 0.947],
  [0.1, 2, 100, 1e-5, 2.586652178, 8, 2.3374],
  [0.02, 1, 500, 1e-6, 3.606275767, 6, 3.2136],
  [0.5, 5, 50, 1e-5, 3.310949819, 7, 3.0413],
  [1, 10, 100, 1e-5, 4.752728337, 5, 4.3772],
  [0.001, 0.8, 20_000, 1e-6, 1.897195876, 8, 1.2862],
] as const;

describe('epsilon', () => {
  test.each(KNOWN)('of q %d, sigma %d, %d steps at delta %d is %d, at order %d', (...known) => {
    const [samplingRate, noiseMultiplier, steps, delta, epsilon, order, exact] = known;
    const spent = privacySpent({ samplingRate, noiseMultiplier }, steps, delta);
    expect(Math.abs(spent.epsilon - epsilon)).toBeLessThan(1e-6);
    expect(spent.order).toBe(order);
    expect(spent.epsilon).toBeGreaterThan(exact);
  });

  test('of no step is nothing', () => {
    expect(privacySpent({ samplingRate: 0.1, noiseMultiplier: 1 }, 0, 1e-5).epsilon).toBe(0);
  });

  test('of a sample of nearly everybody is that of everybody', () => {
    const [nearly, all] = [1 - 1e-12, 1].map((samplingRate) =>
      privacySpent({ samplingRate, noiseMultiplier: 3 }, 20, 1e-5),
    );
    expect(nearly?.epsilon).toBeCloseTo(all?.epsilon as number, 6);
  });

  test('falls with noise, grows with steps and with the sample', () => {
    const epsilon = (samplingRate: number, noiseMultiplier: number, steps: number) =>
      privacySpent({ samplingRate, noiseMultiplier }, steps, 1e-5).epsilon;
    for (const q of [0.001, 0.1, 1])
      for (const sigma of [0.6, 1, 5]) {
        expect(epsilon(q, sigma * 1.1, 100)).toBeLessThan(epsilon(q, sigma, 100));
        expect(epsilon(q, sigma, 101)).toBeGreaterThan(epsilon(q, sigma, 100));
        if (q < 1) expect(epsilon(q * 1.1, sigma, 100)).toBeGreaterThan(epsilon(q, sigma, 100));
      }
  });

  test('the divergence of one step is the sum itself, where that can be written down', () => {
    const [q, sigma] = [0.3, 2];
    const e = (k: number) => Math.exp((k * k - k) / (2 * sigma * sigma));
    const two = (1 - q) ** 2 + 2 * q * (1 - q) + q * q * e(2);
    const three = (1 - q) ** 3 + 3 * q * (1 - q) ** 2 + 3 * q * q * (1 - q) * e(2) + q ** 3 * e(3);
    const [first, second] = stepDivergences({ samplingRate: q, noiseMultiplier: sigma });
    expect(first).toBeCloseTo(Math.log(two), 14);
    expect(second).toBeCloseTo(Math.log(three) / 2, 14);
  });

  test.each([
    [0, 1, 1, 1e-5],
    [1.1, 1, 1, 1e-5],
    [Number.NaN, 1, 1, 1e-5],
    [0.5, 0, 1, 1e-5],
    [0.5, Number.POSITIVE_INFINITY, 1, 1e-5],
    [0.5, 1, -1, 1e-5],
    [0.5, 1, 1.5, 1e-5],
    [0.5, 1, 1, 0],
    [0.5, 1, 1, 1],
  ])('of q %d, sigma %d, %d steps at delta %d is refused', (samplingRate, noiseMultiplier, steps, delta) => {
    expect(() => privacySpent({ samplingRate, noiseMultiplier }, steps, delta)).toThrow(RangeError);
  });
});

describe('noise for a target', () => {
  test.each([
    [1, 1e-5, 1, 15],
    [0.3, 1e-3, 1, 15],
    [10, 1e-5, 1, 15],
    [3, 1e-6, 0.02, 1_000],
    [1, 1e-5, 0.001, 100_000],
  ])('epsilon %d at delta %d: the least that keeps within it', (epsilon, delta, samplingRate, steps) => {
    const noiseMultiplier = noiseMultiplierFor({ epsilon, delta, samplingRate, steps });
    expect(privacySpent({ samplingRate, noiseMultiplier }, steps, delta).epsilon).toBeLessThanOrEqual(epsilon);
    const less = noiseMultiplier - 2e-6;
    expect(privacySpent({ samplingRate, noiseMultiplier: less }, steps, delta).epsilon).toBeGreaterThan(epsilon);
  });

  test('a target that no noise reaches is refused, as is one of nothing', () => {
    expect(() => noiseMultiplierFor({ epsilon: 0.001, delta: 1e-5, samplingRate: 1, steps: 10 })).toThrow(/orders end/);
    expect(() => noiseMultiplierFor({ epsilon: 0, delta: 1e-5, samplingRate: 1, steps: 10 })).toThrow(RangeError);
  });
});

describe('the table of what is spent', () => {
  const step = { samplingRate: 0.1, noiseMultiplier: 2 };

  test('is rounded up, by round', () => {
    const table = spentMicroEpsilonAfterRounds(step, 1e-5, 10, 10);
    expect(table).toHaveLength(10);
    expect(table[9]).toBe(2_586_653);
    for (const [k, spent] of table.entries()) {
      const { epsilon } = privacySpent(step, 10 * (k + 1), 1e-5);
      expect(spent).toBeGreaterThanOrEqual(epsilon * 1e6);
      expect(spent - epsilon * 1e6).toBeLessThan(1);
      if (k > 0) expect(spent).toBeGreaterThan(table[k - 1] as number);
    }
  });

  test('of two thousand rounds takes no time to speak of', () => {
    const began = performance.now();
    spentMicroEpsilonAfterRounds(step, 1e-5, 10, 2_000);
    // 0.1 s; one after the other they would take 13 s.
    expect(performance.now() - began).toBeLessThan(8_000);
  });
});
