import type { NoiseResource, SpendingResource } from '@consilium/client';
import { LocalTraining, roundsMax, StudyPrivacy, StudyProtocol } from '@consilium/domain';
import { type Command, InvalidArgumentError } from 'commander';
import { z } from 'zod';
import { jsonFile } from '../arguments.js';
import { fields } from '../output.js';
import { inSession } from '../session.js';

/** What the table of a protocol follows from; the rest of the protocol may be written later. */
const TableSource = z.looseObject({
  training: LocalTraining.pick({ steps: true }).loose(),
  trainingRounds: StudyProtocol.shape.trainingRounds,
  roundsMax: StudyProtocol.shape.roundsMax,
  privacy: StudyPrivacy.pick({ samplingRate: true, noiseMultiplier: true, delta: true }).loose(),
});

export function addPrivacyCommands(program: Command): void {
  const privacy = program
    .command('privacy')
    .description('differential privacy: noise for a target, the table of a protocol, what was spent');
  privacy
    .command('noise')
    .description('the least noise multiplier (sigma) that keeps DP-SGD within an epsilon')
    .requiredOption('--epsilon <number>', 'what a patient may lose at most', number)
    .requiredOption('--delta <number>', 'the probability that it is more, such as 1e-5', number)
    .requiredOption('--steps <number>', 'local steps of all training rounds together', number)
    .option('--q <number>', 'the probability that a patient is in a step; 1: all patients in every step', number, 1)
    .action((options: { epsilon: number; delta: number; steps: number; q: number }, command: Command) =>
      inSession(command, async ({ gateway, output, signal }) => {
        const { epsilon, delta, steps, q } = options;
        output.show(await gateway.noiseFor({ epsilon, delta, samplingRate: q, steps }, { signal }), noiseText);
      }),
    );
  privacy
    .command('table')
    .description('what is spent after each round of a study: spentMicroEpsilonAfterRound of its protocol')
    .argument('<file>', 'the protocol; its privacy section may lack the table')
    .action((file: string, _options, command: Command) =>
      inSession(command, async ({ gateway, output, signal }) => {
        const source = TableSource.safeParse(await jsonFile(file));
        if (!source.success) throw new InvalidArgumentError(`${file} has no table:\n${z.prettifyError(source.error)}`);
        const { training, trainingRounds, roundsMax: most, privacy: settings } = source.data;
        const { samplingRate, noiseMultiplier, delta } = settings;
        const rounds = roundsMax({ trainingRounds, roundsMax: most });
        const asked = { samplingRate, noiseMultiplier, delta, steps: training.steps, rounds };
        const table = await gateway.privacyTable(asked, { signal });
        output.show(table, ({ spentMicroEpsilonAfterRound }) => JSON.stringify(spentMicroEpsilonAfterRound));
      }),
    );
  privacy
    .command('spent')
    .description('what this hospital has spent of epsilon, by study and together')
    .action((_options, command: Command) =>
      inSession(command, async ({ gateway, output, signal }) => {
        const spending = await gateway.privacySpending({ signal });
        output.show(spending, spendingText);
      }),
    );
}

function noiseText({ noiseMultiplier, spent, delta, steps, samplingRate, precision }: NoiseResource): string {
  return fields({
    'noise multiplier (sigma)': noiseMultiplier,
    'rounded up to': precision,
    'q, steps, delta': `${samplingRate}, ${steps}, ${delta}`,
    'epsilon spent, an upper bound': spent.epsilon,
    'at Rényi order': spent.order,
  });
}

function spendingText({ studies, total }: SpendingResource): string {
  const line = (study: string, microEpsilon: number, delta: number, rest: string) =>
    `${study}  epsilon ${microEpsilon / 1e6} at delta ${delta}${rest}`;
  if (studies.length === 0) return 'nothing: this hospital has joined no training round with differential privacy';
  return [
    ...studies.map(({ study, microEpsilon, delta, budgetMicroEpsilon, joins }) =>
      line(study, microEpsilon, delta, `, of ${budgetMicroEpsilon / 1e6}, in ${joins} training rounds`),
    ),
    line('together', total.microEpsilon, total.delta, ', for a patient who was in all of them'),
  ].join('\n');
}

function number(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError(`${text} is not a number`);
  return value;
}
