import { describe, expect, test } from '@jest/globals';
import { BatchOrder } from './batchOrder.js';

function drawn(order: BatchOrder, batches: number): number[] {
  return Array.from({ length: batches }, () => [...order.next()]).flat();
}

describe('batch order', () => {
  test('every epoch holds each row once, in another order', () => {
    const rows = [3, 5, 8, 13, 21, 34, 55];
    const all = drawn(new BatchOrder(42, 1, rows, 4), 7);
    const epochs = [0, 1, 2, 3].map((k) => all.slice(7 * k, 7 * k + 7));
    for (const epoch of epochs) expect([...epoch].sort((a, b) => a - b)).toEqual(rows);
    expect(new Set(epochs.map((epoch) => epoch.join())).size).toBe(4);
  });

  test('is the same for one seed and round, and another for the next', () => {
    const rows = Array.from({ length: 50 }, (_, k) => k);
    const orders = (
      [
        [42, 1],
        [42, 1],
        [42, 2],
        [43, 1],
      ] as const
    ).map(([seed, round]) => drawn(new BatchOrder(seed, round, rows, 10), 5).join());
    expect(orders[0]).toBe(orders[1]);
    expect(new Set(orders).size).toBe(3);
  });

  test('a batch has no more rows than there are', () => {
    const order = new BatchOrder(1, 1, [4, 9], 8);
    expect(order.batchSize).toBe(2);
    expect(drawn(order, 1).sort()).toEqual([4, 9]);
  });

  test('the first order of a seed never changes', () => {
    expect(drawn(new BatchOrder(42, 1, [0, 1, 2, 3, 4, 5, 6, 7], 8), 1)).toEqual([1, 5, 0, 3, 2, 6, 7, 4]);
  });
});
