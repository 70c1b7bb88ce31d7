#!/usr/bin/env node
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ChannelKind, refusal } from '@consilium/domain';
import { Command, InvalidArgumentError, Option } from 'commander';
import { networkAddresses } from './addresses.js';
import { REPOSITORY } from './buildOutput.js';
import { channelCommand } from './channelTool/channelCommand.js';
import { startDetached } from './detachedStart.js';
import { ENGINES, type Engine, LOG_LEVELS, type LogLevel } from './gatewayPart.js';
import { followLog, partLog } from './networkLogs.js';
import { networkStatus, statusTable } from './networkStatus.js';
import type { RunningNetwork } from './runningNetwork.js';
import { stopNetwork } from './stopNetwork.js';
import { networkSummary } from './summary.js';

const LOG_LINES_DEFAULT = 50;
const LOG_LINES_MAX = 100_000;

/** A second signal counts as one from this time on: Ctrl-C reaches a program directly and through whatever started it. */
const REPEATED_MS_MIN = 1_000;

interface HomeOption {
  readonly home: string;
}

interface StartFlags extends HomeOption {
  readonly topology?: string;
  readonly channel?: ChannelKind;
  readonly channelOnly?: boolean;
  readonly fresh?: boolean;
  readonly engine: Engine;
  readonly logLevel: LogLevel;
  readonly detach?: boolean;
}

function homeOption(): Option {
  return new Option('--home <dir>', 'folder for identities, ledger, logs and what the hospitals learn')
    .env('CONSILIUM_HOME')
    .default(join(REPOSITORY, '.consilium'), '.consilium in the checkout');
}

function lineCount(text: string): number {
  const lines = Number(text);
  if (!Number.isInteger(lines) || lines < 0 || lines > LOG_LINES_MAX)
    throw new InvalidArgumentError(`0 to ${LOG_LINES_MAX} lines.`);
  return lines;
}

const program = new Command('network')
  .description('Brings a channel of hospitals up on this machine, and takes it down again.')
  .showHelpAfterError();

program
  .command('start')
  .description('bring the network up; stay until Ctrl-C, which stops all of it')
  .option('--topology <file>', 'hospitals, their files and ports, as JSON (default: topology.json in the home folder)')
  .addOption(homeOption())
  .addOption(
    new Option('--channel <kind>', 'kind of channel; fabric: Fabric 3.1 from PATH or FABRIC_BIN_DIR').choices(
      ChannelKind.options,
    ),
  )
  .option('--channel-only', 'channel and chaincode alone, without gateways')
  .option('--fresh', 'first delete the network that the home folder holds, ledger and identities included')
  .addOption(new Option('--engine <name>', 'what the hospitals train with').choices(ENGINES).default('auto'))
  .addOption(new Option('--log-level <level>', 'how much the gateways log').choices(LOG_LEVELS).default('info'))
  .option('--detach', 'come back when the network is up, and leave it running in the background')
  .action(start);

program
  .command('stop')
  .description('stop the network of the home folder, or what is left of it')
  .addOption(homeOption())
  .action(async ({ home }: HomeOption) => {
    const { launcher, orphans } = await stopNetwork(home);
    const left = orphans.length === 0 ? '' : `; ended what was left without a launcher: ${orphans.join(', ')}`;
    say(launcher ? `The network is stopped${left}.` : `The launcher was gone${left}.`);
  });

program
  .command('status')
  .description('show every process: state, address, since when, how often started again')
  .addOption(homeOption())
  .option('--json', 'as JSON')
  .action(({ home, json }: HomeOption & { json?: boolean }) => {
    const status = networkStatus(home);
    say(json === true ? JSON.stringify(status, null, 2) : statusTable(status));
  });

program
  .command('logs')
  .description('show the log of one process, running or not')
  .argument('<hospital>', "a hospital's MSP id, name or short name; or: channel")
  .argument('<part>', 'gateway, chaincode, peer, orderer; of the embedded channel: embedded')
  .addOption(homeOption())
  .option('-f, --follow', 'go on with what is logged from now on, until Ctrl-C')
  .addOption(new Option('-n, --lines <count>', 'lines to show').argParser(lineCount).default(LOG_LINES_DEFAULT))
  .action(async (hospital: string, part: string, flags: HomeOption & { follow?: boolean; lines: number }) => {
    const log = partLog(flags.home, hospital, part);
    for (const line of log.tail(flags.lines)) say(line);
    if (flags.follow === true)
      await followLog(log.path, (text) => process.stdout.write(text), new AbortController().signal);
  });

program
  .command('rebuild')
  .description(
    "compute the state of every peer again from the embedded channel's blocks alone; the network must be down",
  )
  .addOption(homeOption())
  .action(async ({ home }: HomeOption) => {
    const { rebuildState } = await import('./rebuildState.js');
    say(await rebuildState(home, process.env));
  });

program.addCommand(channelCommand(homeOption, say));

async function start(flags: StartFlags): Promise<void> {
  const topology = flags.topology ?? join(flags.home, 'topology.json');
  if (flags.topology === undefined && !existsSync(topology)) {
    throw refusal('TOPOLOGY_INVALID', {
      problems: 'no topology is given and the home folder holds none: name one with --topology FILE',
    });
  }
  if (flags.detach === true) {
    const args = process.argv.slice(2).filter((arg) => arg !== '--detach');
    say(networkSummary(await startDetached(flags.home, fileURLToPath(import.meta.url), args), false));
    return;
  }
  const interruption = new AbortController();
  let network: RunningNetwork | undefined;
  let askedMs = 0;
  const onSignal = (name: NodeJS.Signals): void => {
    if (interruption.signal.aborted) {
      if (performance.now() - askedMs < REPEATED_MS_MIN) return;
      say('Killing every process.');
      void network?.killEverything();
      return;
    }
    askedMs = performance.now();
    say('Stopping. Again: kill at once.');
    interruption.abort(new Error(`${name} while the network was coming up`));
    void network?.stop();
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, onSignal);
  // What a start needs takes longer to load than `status` takes altogether.
  const { startNetwork } = await import('./startNetwork.js');
  network = await startNetwork({
    topology,
    home: flags.home,
    ...(flags.channel === undefined ? {} : { channel: flags.channel }),
    channelOnly: flags.channelOnly === true,
    fresh: flags.fresh === true,
    engine: flags.engine,
    logLevel: flags.logLevel,
    environment: process.env,
    onProgress: say,
    signal: interruption.signal,
    startedMs: 0,
  });
  say(networkSummary(networkAddresses(network.channel, network.setupSeconds, network.gateways), true));
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

// A closed terminal or pipe must not end the launcher before its processes.
process.stdout.on('error', () => undefined);

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
