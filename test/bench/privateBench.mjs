import { roundBytes } from './roundBytes.mjs';
import { runDemo } from './runDemo.mjs';
import { figure } from './spread.mjs';

const SEEDS = [42, 43, 44];
const HOSPITAL = 'ClevelandMSP';

/** The heart study in both modes under the same seeds, one after the other: what masks cost a round, and the model nothing. */
export async function privateBench(repository, say) {
  const modes = { open: [], private: [] };
  for (const seed of SEEDS)
    for (const mode of Object.keys(modes)) {
      say(`heart study, ${mode}, seed ${seed}`);
      const args = ['--seed', String(seed), '--mode', mode];
      modes[mode].push(await runDemo(repository, args, {}, (home) => roundBytes(home, HOSPITAL)));
    }
  const rounds = (mode) => modes[mode].flatMap(({ report }) => report.rounds).filter(({ seconds }) => seconds);
  const part = (mode, name) =>
    rounds(mode)
      .filter(({ kind }) => kind === 'training')
      .map(({ seconds }) => seconds[name]);
  const median = (values) => figure('', '', values).median;
  const seen = (mode, isEvaluation = false) =>
    modes[mode].flatMap((demo) => demo.seen).filter(({ kind }) => (kind === 'evaluation') === isEvaluation);
  const bytes = (mode, name, isEvaluation) => seen(mode, isEvaluation).map((round) => round[name]);
  const sameModels = SEEDS.map((_, k) => {
    const [open, masked] = ['open', 'private'].map((mode) =>
      modes[mode][k].report.rounds.map((round) => round.modelDigest),
    );
    return open.length === masked.length && open.every((digest, round) => digest === masked[round]) ? 1 : 0;
  });
  return [
    figure('same model digests in every round, both modes, one seed', '', sameModels, {
      direction: 'at least',
      bound: 1,
      judged: 'min',
    }),
    figure('a private training round in all', 's', part('private', 'total')),
    figure('  beside it: the same round open', 's', part('open', 'total')),
    figure('  private over open, medians', '', [median(part('private', 'total')) / median(part('open', 'total'))], {
      direction: 'at most',
      bound: 1.3,
    }),
    figure(
      'ledger seconds a private round, all rounds',
      's',
      rounds('private').map(({ seconds }) => seconds.ledger),
      { direction: 'at most', bound: 0.5 },
    ),
    figure(
      '  beside it: open',
      's',
      rounds('open').map(({ seconds }) => seconds.ledger),
    ),
    figure('bytes of facts a hospital writes in a private round, four hospitals', 'B', bytes('private', 'values'), {
      direction: 'at most',
      bound: 2_048,
      judged: 'max',
    }),
    figure('  beside it: open', 'B', bytes('open', 'values')),
    figure('  the evaluation round, once a study: three sets of metrics', 'B', bytes('private', 'values', true)),
    figure('  their keys', 'B', bytes('private', 'keys')),
    figure('bytes of the blocks of a private round', 'B', bytes('private', 'blocks')),
    figure('  beside it: open', 'B', bytes('open', 'blocks')),
    figure(
      'invalid transactions',
      '',
      Object.values(modes).flatMap((runs) => runs.map(({ report }) => report.invalidTransactions)),
      { direction: 'at most', bound: 0, judged: 'max' },
    ),
  ];
}
