import { describe, expect, test } from '@jest/globals';
import { PLANTED_BUGS } from './plantedBugs.js';
import { simulate } from './simulation.js';

/** A planted bug is found in as many seeds at the latest. */
const SEEDS_MAX = 200;
const TEST_MS_MAX = 300_000;

describe('a run', () => {
  test('is replayed exactly from its seed', async () => {
    for (const seed of [2, 3, 5]) {
      const [first, second] = [await simulate(seed), await simulate(seed)];
      expect(second.trace).toEqual(first.trace);
      expect(second.events).toBe(first.events);
      expect(first.trace.length).toBeGreaterThan(50);
    }
  });
});

describe('a planted bug is found', () => {
  for (const { name, variant, found } of PLANTED_BUGS)
    test(
      name,
      async () => {
        let violation: string | undefined;
        for (let seed = 1; violation === undefined && seed <= SEEDS_MAX; seed += 1)
          ({ violation } = await simulate(seed, variant));
        expect(violation).toMatch(found);
      },
      TEST_MS_MAX,
    );
});
