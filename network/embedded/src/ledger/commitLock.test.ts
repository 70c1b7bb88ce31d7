import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { CommitLock } from './commitLock.js';

describe('simulations and commits', () => {
  test('many simulations run at once, a commit waits for all of them', async () => {
    const lock = new CommitLock();
    const [first, second] = [await lock.simulate(), await lock.simulate()];
    const events: string[] = [];
    const commit = lock.commit(() => events.push('committed'));
    await turn();
    first();
    await turn();
    expect(events).toEqual([]);
    second();
    await commit;
    expect(events).toEqual(['committed']);
  });

  test('a commit that waits lets no new simulation begin', async () => {
    const lock = new CommitLock();
    const end = await lock.simulate();
    const events: string[] = [];
    const commit = lock.commit(() => events.push('committed'));
    const simulation = lock.simulate().then((done) => {
      events.push('simulating');
      return done;
    });
    await turn();
    expect(events).toEqual([]);
    end();
    await commit;
    (await simulation)();
    expect(events).toEqual(['committed', 'simulating']);
  });

  test('ending a simulation twice does not let a commit into another one', async () => {
    const lock = new CommitLock();
    const [first, second] = [await lock.simulate(), await lock.simulate()];
    first();
    first();
    let isCommitted = false;
    const commit = lock.commit(() => {
      isCommitted = true;
    });
    await turn();
    expect(isCommitted).toBe(false);
    second();
    await commit;
    expect(isCommitted).toBe(true);
  });

  test('a commit that fails does not stay locked', async () => {
    const lock = new CommitLock();
    await expect(
      lock.commit(() => {
        throw new Error('disk full');
      }),
    ).rejects.toThrow('disk full');
    (await lock.simulate())();
    expect(await lock.commit(() => 1)).toBe(1);
  });

  test('commits never overlap', async () => {
    const lock = new CommitLock();
    let running = 0;
    let most = 0;
    const commit = () =>
      lock.commit(async () => {
        running += 1;
        most = Math.max(most, running);
        await turn();
        running -= 1;
      });
    await Promise.all([commit(), commit(), commit()]);
    expect(most).toBe(1);
  });
});
