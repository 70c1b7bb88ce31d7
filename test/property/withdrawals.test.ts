import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PLANTED_CONSENT_BUGS } from '../simulation/plantedBugs.js';
import { SeedPool } from '../simulation/seedPool.js';
import type { SeedReport } from '../simulation/seedReport.js';

const INTERLEAVINGS_DEFAULT = 1_000;
/** Ample on a slow machine. */
const RUN_MS_MAX = 1_000;
const PLANTED_MS_MAX = 300_000;
/** A planted bug is found in as many seeds at the latest. */
const SEEDS_PLANTED_MAX = 200;
/** As many interleavings as this have met all of these, or they explore less than they should. */
const SEEDS_THAT_MEET_ALL = 800;
const TO_BE_MET = [
  ...['joinRound', 'makeVector', 'shareVector', 'contribute'].map((step) => `withdrawal at ${step}`),
  ...['joinRound', 'makeVector', 'shareVector', 'contribute'].map((step) => `crash at ${step}`),
  'withdrawal at the hospital',
  'withdrawal at the channel',
  'consent given again',
  'stricter policy',
  'channel unreachable',
  'restore',
  'joinRound CONSENT_EPOCH_STALE',
  'joinRound CONSENT_WITHDRAWN',
  'training ended by a withdrawal',
  'contribute CONSENT_WITHDRAWN',
  'step failed CONSENT_COHORT_EMPTY',
  'this round is sat out ',
  'version void',
];

const count = Number(process.env.CONSILIUM_SEEDS ?? INTERLEAVINGS_DEFAULT);
const seedsTo = (last: number) => Array.from({ length: last }, (_, k) => k + 1);

let pool: SeedPool;
beforeAll(() => {
  pool = new SeedPool();
});
afterAll(() => pool.close());

describe('whoever withdraws is in no cohort selected after it, and in nothing contributed once the agent can know', () => {
  test(
    `${count} of ${count} interleavings with joins, training, crashes and an unreachable channel`,
    async () => {
      const reports = await pool.runEverywhere({ seeds: seedsTo(count), theme: 'withdrawals' });
      for (const report of reports) if (report.violation !== undefined) throw new Error(told(report));
      expect(reports).toHaveLength(count);
      const met = new Set(reports.flatMap((report) => report.met));
      if (count >= SEEDS_THAT_MEET_ALL) expect(TO_BE_MET.filter((what) => !met.has(what))).toEqual([]);
    },
    RUN_MS_MAX * count + PLANTED_MS_MAX,
  );

  test.concurrent.each(PLANTED_CONSENT_BUGS.map((bug) => [bug.name, bug.found] as const))(
    'a planted bug is found: %s',
    async (bug, found) => {
      const reports = await pool.run({ seeds: seedsTo(SEEDS_PLANTED_MAX), bug, theme: 'withdrawals' });
      expect(reports.at(-1)?.violation).toMatch(found);
    },
    PLANTED_MS_MAX,
  );
});

function told({ seed, violation, story }: SeedReport): string {
  return [`interleaving ${seed}: ${violation}`, ...story].join('\n');
}
