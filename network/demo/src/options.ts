/** The demo's command line: one set of options for `prepare` and `run`, since the verb hands all of them to both. */
import { ChannelKind, PRIVACY_BUDGET_MICRO_MAX, PRIVACY_DELTA_MAX, StudyMode } from '@consilium/domain';
import { type Command, InvalidArgumentError, Option } from 'commander';

export type DemoOptions = Readonly<{
  home: string;
  seed: number;
  seeds?: readonly number[];
  rounds?: number;
  report?: string;
  topology?: string;
  study?: string;
  fractions?: readonly number[];
  engine: string;
  mode?: StudyMode;
  epsilon?: number;
  delta: number;
  figures?: string;
  models?: string;
  keep: boolean;
  networkOnly?: boolean;
}>;

const SEED_MAX = 2 ** 32 - 1;
const ROUNDS_MAX = 1_000;

/** Adds every option to a subcommand. What `prepare` or `run` alone needs is ignored by the other. */
export function withDemoOptions(command: Command): Command {
  return command
    .requiredOption('--home <folder>', 'where the network keeps its files')
    .option('--seed <number>', 'seed of weights and batch order', whole(0, SEED_MAX), 42)
    .option('--seeds <list>', 'one study a seed, and the mean over them: 42,43,44', list(whole(0, SEED_MAX)))
    .option('--rounds <number>', 'training rounds, instead of what the study says', whole(1, ROUNDS_MAX))
    .option('--report <file>', 'writes all figures there as JSON')
    .option('--topology <file>', 'other hospitals with CSV files of their own (needs --study)')
    .option('--study <file>', 'another study protocol, for these hospitals or those of --topology')
    .option(
      '--fractions <list>',
      'the same with a part of the training rows, in percent: 10,25,50,100',
      list(whole(1, 100)),
    )
    .option('--models <folder>', 'writes the released model of each seed there, as safetensors')
    .option('--figures <folder>', 'writes figures as SVG there (with --fractions always: figures in the home folder)')
    .addOption(new Option('--engine <name>', 'what trains').choices(['auto', 'tfjs-node', 'wasm']).default('auto'))
    .addOption(
      new Option(
        '--mode <mode>',
        'private: updates travel masked, only their sum is opened (the default with three hospitals or more)',
      ).choices(StudyMode.options),
    )
    .option(
      '--epsilon <number>',
      'differential privacy: what each hospital’s patients may lose at most, such as 1',
      between(1e-6, PRIVACY_BUDGET_MICRO_MAX / 1e6),
    )
    .option(
      '--delta <number>',
      'with --epsilon: the probability that it is more',
      between(1e-15, PRIVACY_DELTA_MAX),
      1e-5,
    )
    .addOption(new Option('--channel <kind>', 'which channel').choices(ChannelKind.options).default('embedded'))
    .addOption(new Option('--network-only', 'prepares for a network without a study').hideHelp())
    .option('--fresh', 'begins with an empty home folder')
    .option('--keep', 'leaves everything running at the end', false);
}

function whole(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most)
      throw new InvalidArgumentError(`a whole number from ${least} to ${most} is needed.`);
    return value;
  };
}

function between(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !(value >= least && value <= most))
      throw new InvalidArgumentError(`a number from ${least} to ${most} is needed.`);
    return value;
  };
}

function list(item: (text: string) => number): (text: string) => number[] {
  return (text) => [...new Set(text.split(',').map((part) => item(part.trim())))];
}
