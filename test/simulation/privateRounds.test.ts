/** Private rounds in the simulation: whoever drops out when, whoever attacks how, and bugs that it must find. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { AttackName } from './attackers.js';
import { PLANTED_PRIVATE_BUGS } from './plantedPrivateBugs.js';
import { DROPOUT_STUDIES, DROPOUT_STUDIES_FIRST } from './scenario.js';
import { SeedPool } from './seedPool.js';
import type { SeedReport } from './seedReport.js';

/** Ample on a slow machine. */
const MS_MAX = 600_000;
/** Of an attack: by other members, in other orders of things. */
const SEEDS_OF_ATTACK = [1, 2, 3, 4];
/** A planted bug is found in as many seeds at the latest. */
const SEEDS_PLANTED_MAX = 200;

const seedsTo = (last: number) => Array.from({ length: last }, (_, k) => k + 1);
/** All combinations of seven hospitals take a minute more: whoever asks for more seeds than usual gets them, too. */
const studies = Number(process.env.CONSILIUM_SEEDS ?? 0) > 1_000 ? DROPOUT_STUDIES : DROPOUT_STUDIES_FIRST;

let pool: SeedPool;
beforeAll(() => {
  pool = new SeedPool();
});
afterAll(() => pool.close());

function requireSound(reports: readonly SeedReport[]): void {
  for (const { seed, violation, story } of reports)
    if (violation !== undefined) throw new Error([`run ${seed}: ${violation}`, ...story].join('\n'));
}

describe('whichever hospitals never contribute, and whichever vanish once they have, down to t', () => {
  test(
    'of four to seven: every round completes exactly while they are gone, and they take part in the next one, secrets lost or not',
    async () => {
      const reports = await pool.runEverywhere({ seeds: seedsTo(studies), theme: 'dropouts' });
      requireSound(reports);
      expect(reports.map(({ ended }) => ended)).toEqual(Array(studies).fill('evaluation agreed'));
      const met = new Set(reports.flatMap((report) => report.met));
      expect(met).toContain('came back');
      expect(met).toContain('came back without its secrets');
    },
    MS_MAX,
  );

  test(
    'and more than that before the survivors are fixed: it ends with its reason, and the next one starts from the same base',
    async () => {
      const reports = await pool.run({ seeds: seedsTo(3), theme: 'too few contribute' });
      requireSound(reports);
      for (const { met, ended } of reports) {
        expect(met).toContain('close contributing TOO_FEW_CONTRIBUTIONS');
        expect(ended).toBe('evaluation agreed');
      }
    },
    MS_MAX,
  );

  test(
    'and more than that once they are fixed: it waits for one to come back, and completes',
    async () => {
      const reports = await pool.run({ seeds: seedsTo(3), theme: 'too few are left' });
      requireSound(reports);
      for (const { met, ended } of reports) {
        expect(met).toContain('waited while unmasking');
        expect(met.filter((what) => what.startsWith('close'))).toEqual([]);
        expect(ended).toBe('evaluation agreed');
      }
    },
    MS_MAX,
  );
});

describe('a member that', () => {
  test.each<[AttackName, readonly string[], readonly string[]]>([
    ['copies another join', ['named UNOPENED', 'step failed SHARES_UNOPENED', 'close contributing'], []],
    ['deals garbage', ['named BAD_DEALER'], []],
    ['deals boxes that open for fewer than t', ['named UNOPENED', 'step failed SHARES_UNOPENED'], []],
    ['swaps boxes', ['named UNOPENED'], []],
    ['reveals a false share', [], ['named']],
    ['reveals nothing of anybody', [], ['named', 'close']],
    ['sends different bytes to different members', ['step failed RECEIPT_FALSE'], ['named', 'close']],
    ['withholds its bytes from all but t-1', ['step failed EXCHANGE_UNREACHABLE'], ['named', 'close']],
  ])(
    '%s opens nothing, wrongs nobody, and the study comes to its end',
    async (theme, expected, unexpected) => {
      const reports = await pool.run({ seeds: SEEDS_OF_ATTACK, theme });
      requireSound(reports);
      for (const { met, ended } of reports) {
        expect(met).toEqual(expect.arrayContaining([...expected]));
        expect(met.filter((what) => unexpected.some((start) => what.startsWith(start)))).toEqual([]);
        expect(ended).toBe('evaluation agreed');
      }
    },
    MS_MAX,
  );
});

describe('a planted bug is found:', () => {
  test.concurrent.each(PLANTED_PRIVATE_BUGS.map((bug) => [bug.name, bug.found] as const))(
    '%s',
    async (bug, found) => {
      const reports = await pool.run({ seeds: seedsTo(SEEDS_PLANTED_MAX), bug, theme: 'private' });
      expect(reports.at(-1)?.violation).toMatch(found);
    },
    MS_MAX,
  );
});
