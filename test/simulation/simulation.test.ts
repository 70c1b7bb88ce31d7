import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PLANTED_BUGS } from './plantedBugs.js';
import { SeedPool } from './seedPool.js';
import type { SeedReport } from './seedReport.js';

const SEEDS_DEFAULT = 1_000;
/** Ample on a slow machine: a run takes less than a tenth of this. */
const RUN_MS_MAX = 1_000;
const PLANTED_MS_MAX = 300_000;
/** A planted bug is found in as many seeds at the latest. */
const SEEDS_PLANTED_MAX = 200;

/** What as many seeds as this have met, or they explore less than they should. */
const SEEDS_THAT_MEET_ALL = 800;
const TO_BE_MET = [
  'MVCC_READ_CONFLICT',
  'close attesting DISPUTED',
  'close attesting TOO_FEW_ATTESTATIONS',
  'close contributing',
  'close contributing TOO_FEW_CONTRIBUTIONS',
  'close joining',
  'close joining VOTED',
  'dispute lifted',
  'own join forgotten',
  'pause',
  'restore',
  'step failed CLOCK_SKEW',
  'step failed LEDGER_COMMIT_UNKNOWN',
  'step failed VECTOR_UNKNOWN',
  'version rejected',
  'version void',
  ...['openRound', 'joinRound', 'makeVector', 'shareVector', 'contribute', 'aggregate', 'attest', 'recordVersion'].map(
    (step) => `crash at ${step}`,
  ),
];

const only = numberIn('CONSILIUM_SEED');
const count = numberIn('CONSILIUM_SEEDS') ?? SEEDS_DEFAULT;
const seedsTo = (last: number) => Array.from({ length: last }, (_, k) => k + 1);

let pool: SeedPool;
beforeAll(() => {
  pool = new SeedPool();
});
afterAll(() => pool.close());

describe('whatever happens, the agents keep what the protocol promises', () => {
  if (only !== undefined)
    test(
      `seed ${only}`,
      async () => {
        const [report] = await pool.run({ seeds: [only], tellsTrace: true });
        process.stdout.write(`${report?.story.join('\n')}\n${report?.summary}\n`);
        expect(report?.violation).toBeUndefined();
      },
      RUN_MS_MAX * 60,
    );
  else
    test(
      `seeds 1 to ${count}`,
      async () => {
        const reports = await pool.runEverywhere({ seeds: seedsTo(count) });
        for (const report of reports) if (report.violation !== undefined) throw new Error(told(report));
        expect(reports).toHaveLength(count);
        const met = new Set(reports.flatMap((report) => report.met));
        if (count >= SEEDS_THAT_MEET_ALL) expect(TO_BE_MET.filter((what) => !met.has(what))).toEqual([]);
      },
      RUN_MS_MAX * count + PLANTED_MS_MAX,
    );
});

describe('a run', () => {
  test(
    'is replayed exactly from its seed, in another process too',
    async () => {
      const seeds = [2, 3, 5, 8];
      const [first, second] = await Promise.all([pool.run({ seeds }), pool.run({ seeds })]);
      expect(second).toEqual(first);
      expect(new Set(first.map(({ traceDigest }) => traceDigest)).size).toBe(seeds.length);
    },
    PLANTED_MS_MAX,
  );
});

describe('a planted bug is found:', () => {
  test.concurrent.each(PLANTED_BUGS.map((bug) => [bug.name, bug.found] as const))(
    '%s',
    async (bug, found) => {
      const reports = await pool.run({ seeds: seedsTo(SEEDS_PLANTED_MAX), bug });
      expect(reports.at(-1)?.violation).toMatch(found);
    },
    PLANTED_MS_MAX,
  );
});

function told({ seed, violation, story }: SeedReport): string {
  return [`seed ${seed}: ${violation}`, `replay it with CONSILIUM_SEED=${seed}`, ...story].join('\n');
}

function numberIn(name: string): number | undefined {
  const text = process.env[name];
  if (text === undefined || text === '') return undefined;
  if (!/^\d+$/.test(text)) throw new Error(`${name} is a whole number, not ${text}`);
  return Number(text);
}
