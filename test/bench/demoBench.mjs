import { runDemo } from './runDemo.mjs';
import { figure } from './spread.mjs';

const RUNS = 3;

/** Starting, a round's seconds beyond training, and the whole demo, from nothing running to everything stopped. */
export async function demoBench(repository, say) {
  const demos = [];
  for (let run = 0; run < RUNS; run += 1) {
    say(`demo ${run + 1} of ${RUNS}`);
    demos.push(await runDemo(repository, ['--seed', String(42 + run)]));
  }
  const rounds = demos.flatMap(({ report }) => report.rounds);
  const trainingRounds = rounds.filter(({ kind }) => kind === 'training');
  const part = (name) => trainingRounds.map(({ seconds }) => seconds[name]);
  return [
    figure(
      'nothing running to ready (setupSeconds)',
      's',
      demos.map(({ report }) => report.setupSeconds),
      { direction: 'at most', bound: 15, judged: 'max' },
    ),
    figure(
      'ledger seconds a round, all rounds',
      's',
      rounds.map(({ seconds }) => seconds.ledger),
      { direction: 'at most', bound: 0.5, source: 'Flower, beyond training: 6.4 s' },
    ),
    figure('a training round in all', 's', part('total')),
    figure('  of which training', 's', part('training')),
    figure('  of which ledger', 's', part('ledger')),
    figure('  of which exchange', 's', part('exchange')),
    figure('  of which aggregation', 's', part('aggregation')),
    figure('  of which other', 's', part('other')),
    figure(
      'the whole warm demo',
      's',
      demos.map(({ seconds }) => seconds),
      { direction: 'at most', bound: 60 },
    ),
    figure(
      'invalid transactions',
      '',
      demos.map(({ report }) => report.invalidTransactions),
      { direction: 'at most', bound: 0, judged: 'max' },
    ),
  ];
}
