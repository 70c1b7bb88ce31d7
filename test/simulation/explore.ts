/**
 * Which seeds are run: `CONSILIUM_SEEDS=N` runs 1 to N, `CONSILIUM_SEED=n` replays one. Seeds are split in parts, so that
 * the parts run side by side.
 */
import { expect, test } from '@jest/globals';
import { type RunOutcome, simulate } from './simulation.js';

const SEEDS_DEFAULT = 1_000;
const SEEDS_PER_TEST = 50;
const TEST_MS_MAX = 600_000;
const TRACE_LINES_TOLD = 150;

/** What as many seeds as this must have met, or they explore less than they should. */
const SEEDS_THAT_MEET_ALL = 400;
const TO_BE_MET = [
  'MVCC_READ_CONFLICT',
  'close attesting DISPUTED',
  'close attesting TOO_FEW_ATTESTATIONS',
  'close contributing',
  'close contributing TOO_FEW_CONTRIBUTIONS',
  'close joining',
  'dispute lifted',
  'own join forgotten',
  'pause',
  'restore',
  'step failed CLOCK_SKEW',
  'step failed LEDGER_COMMIT_UNKNOWN',
  'step failed VECTOR_UNKNOWN',
  'version rejected',
  'version void',
  ...['openRound', 'joinRound', 'makeVector', 'shareVector', 'contribute', 'aggregate', 'attest'].map(
    (step) => `crash at ${step}`,
  ),
];

export function exploreSeeds(part: number, parts: number): void {
  const only = numberIn('CONSILIUM_SEED');
  if (only !== undefined) {
    if (only % parts === part) test(`seed ${only}`, () => requireSound(only).then(tell), TEST_MS_MAX);
    else test.skip(`seed ${only} is another part's`, () => undefined);
    return;
  }
  const count = numberIn('CONSILIUM_SEEDS') ?? SEEDS_DEFAULT;
  const seeds = Array.from({ length: count }, (_, k) => k + 1).filter((seed) => seed % parts === part);
  const met = new Set<string>();
  for (let from = 0; from < seeds.length; from += SEEDS_PER_TEST) {
    const some = seeds.slice(from, from + SEEDS_PER_TEST);
    test(
      `seeds ${some[0]} to ${some.at(-1)}`,
      async () => {
        for (const seed of some) for (const what of (await requireSound(seed)).met.keys()) met.add(what);
      },
      TEST_MS_MAX,
    );
  }
  if (seeds.length >= SEEDS_THAT_MEET_ALL)
    test('the seeds have met whatever can go wrong', () => {
      expect(TO_BE_MET.filter((what) => !met.has(what))).toEqual([]);
    });
}

async function requireSound(seed: number): Promise<RunOutcome> {
  const outcome = await simulate(seed);
  if (outcome.violation !== undefined) throw new Error(told(outcome));
  return outcome;
}

function told({ seed, violation, scenario, trace }: RunOutcome): string {
  const { protocol, faults, gone } = scenario;
  return [
    `seed ${seed}: ${violation}`,
    `replay it with CONSILIUM_SEED=${seed}`,
    `${protocol.members.length} hospitals, ${protocol.trainingRounds} training rounds, gone in the end: ${gone.join(' ') || 'nobody'}`,
    ...faults.map((fault) => JSON.stringify(fault)),
    ...trace.slice(-TRACE_LINES_TOLD),
  ].join('\n');
}

function tell({ seed, ended, endedAt, events, trace }: RunOutcome): void {
  const lines = [...trace, `seed ${seed}: ${ended} after ${endedAt} virtual ms and ${events} events`];
  process.stdout.write(`${lines.join('\n')}\n`);
}

function numberIn(name: string): number | undefined {
  const text = process.env[name];
  if (text === undefined || text === '') return undefined;
  if (!/^\d+$/.test(text)) throw new Error(`${name} is a whole number, not ${text}`);
  return Number(text);
}
