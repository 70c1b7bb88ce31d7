import { ServerOptimiser } from '@consilium/domain';
import { describe, expect, test } from '@jest/globals';
import type { Moments } from './serverAlgorithm.js';
import { serverAlgorithm } from './serverAlgorithms.js';

/** Two steps of one weight from 1, with mean updates .5 and -.25. */
function twoSteps(server: unknown): { weights: number[]; moments: Moments } {
  const algorithm = serverAlgorithm(ServerOptimiser.parse(server));
  const moments: Moments = Object.fromEntries(
    algorithm.moments.map((moment) => [moment, new Float64Array([algorithm.start(moment)])]),
  );
  const first = algorithm.step(new Float32Array([1]), new Float64Array([0.5]), moments);
  const second = algorithm.step(first, new Float64Array([-0.25]), moments);
  return { weights: [first[0] as number, second[0] as number], moments };
}

describe('server optimisers, by hand', () => {
  test('FedAvg adds the mean update', () => {
    expect(twoSteps({ kind: 'fedavg' }).weights).toEqual([1.5, 1.25]);
    expect(twoSteps({ kind: 'fedavg', learningRate: 0.5 }).weights).toEqual([1.25, 1.125]);
  });

  test('FedAvgM: m = .5, then .5 * .5 - .25 = 0', () => {
    const { weights, moments } = twoSteps({ kind: 'fedavgm', momentum: 0.5 });
    expect(weights).toEqual([1.5, 1.5]);
    expect(moments.m?.[0]).toBe(0);
  });

  test('FedAdagrad: v = tau² + .25, then + .0625', () => {
    const { weights, moments } = twoSteps({ kind: 'fedadagrad', learningRate: 0.1, beta1: 0, tau: 0.5 });
    // m = .5, v = .25 + .25; then m = -.25, v = .5625, sqrt(v) = .75
    const first = 1 + 0.05 / (Math.SQRT1_2 + 0.5);
    expect(weights[0]).toBe(Math.fround(first));
    expect(weights[1]).toBe(Math.fround(Math.fround(first) - 0.025 / 1.25));
    expect(moments.v?.[0]).toBe(0.5625);
  });

  test('FedAdam: v = .5 * v + .5 * d²', () => {
    const { weights, moments } = twoSteps({ kind: 'fedadam', learningRate: 0.1, beta1: 0.5, beta2: 0.5, tau: 0.5 });
    // m = .25, v = .125 + .125; then m = .125 - .125 = 0
    expect(weights[0]).toBe(Math.fround(1 + 0.025 / (0.5 + 0.5)));
    expect(weights[1]).toBe(weights[0]);
    expect(moments).toEqual({ m: new Float64Array([0]), v: new Float64Array([0.15625]) });
  });

  test('FedYogi: v moves towards d² by (1 - beta2) d²', () => {
    const { weights, moments } = twoSteps({ kind: 'fedyogi', learningRate: 0.1, beta1: 0, beta2: 0.5, tau: 1 });
    // v = 1 - .125 = .875; then .875 - .5 * .0625 = .84375
    expect(weights[0]).toBe(Math.fround(1 + 0.05 / (Math.sqrt(0.875) + 1)));
    expect(weights[1]).toBe(Math.fround((weights[0] as number) - 0.025 / (Math.sqrt(0.84375) + 1)));
    expect(moments.v?.[0]).toBe(0.84375);
  });

  test('FedYogi: v grows where d² is above it', () => {
    const algorithm = serverAlgorithm(
      ServerOptimiser.parse({ kind: 'fedyogi', learningRate: 0.1, beta2: 0.75, tau: 0.5 }),
    );
    const moments = { m: new Float64Array(1), v: new Float64Array([0.25]) };
    algorithm.step(new Float32Array(1), new Float64Array([2]), moments);
    expect(moments.v[0]).toBe(1.25);
  });
});
