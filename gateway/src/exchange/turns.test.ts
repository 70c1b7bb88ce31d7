import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { Turns } from './turns.js';

describe('turns', () => {
  test('let so many run at one time, in the order in which they came', async () => {
    const turns = new Turns(2);
    let running = 0;
    let most = 0;
    const order: number[] = [];
    await Promise.all(
      [0, 1, 2, 3, 4].map((number) =>
        turns.run(async () => {
          order.push(number);
          running += 1;
          most = Math.max(most, running);
          await wait(5);
          running -= 1;
        }),
      ),
    );
    expect(most).toBe(2);
    expect(order).toEqual([0, 1, 2, 3, 4]);
  });

  test('a failure gives its place on, and whoever leaves the queue takes none', async () => {
    const turns = new Turns(1);
    const failing = turns.run(async () => {
      await wait(5);
      throw new Error('failed');
    });
    const leave = new AbortController();
    const left = turns.run(async () => 'never', leave.signal);
    const next = turns.run(async () => 'ran');
    leave.abort(new Error('left'));
    const outcomes = await Promise.allSettled([failing, left, next]);
    expect(outcomes.map((outcome) => ('reason' in outcome ? outcome.reason.message : outcome.value))).toEqual([
      'failed',
      'left',
      'ran',
    ]);
  });
});
