import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Channel } from './channel.js';
import { readConfig } from './config.js';
import { STOP_MS_MAX } from './limits.js';

const NOTICE = `Embedded Fabric channel: one process, one orderer, no fault tolerance. For development and demonstration only.`;

/** Exit codes: how the launcher can tell a wrong configuration from a failure. */
const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { config: { type: 'string' }, rebuild: { type: 'boolean' } } });
  if (values.config === undefined) {
    process.stderr.write('usage: main.js --config FILE [--rebuild]\n');
    process.exitCode = EXIT_USAGE;
    return;
  }
  const config = readConfig(values.config);
  if (values.rebuild !== true) process.stdout.write(`${NOTICE}\n`);
  const channel = new Channel(config, { clock: Date.now, shuffle });
  if (values.rebuild === true) {
    for (const line of await channel.rebuild()) process.stdout.write(`${line}\n`);
    return;
  }
  await channel.start();
  writeReadyFile(config.readyFile, { pid: process.pid, peers: channel.endpoints });
  for (const [msp, endpoint] of Object.entries(channel.endpoints)) process.stdout.write(`${msp} ${endpoint}\n`);

  let isStopping = false;
  const stop = () => {
    if (isStopping) return;
    isStopping = true;
    setTimeout(() => process.exit(EXIT_FAILED), STOP_MS_MAX).unref();
    rmSync(config.readyFile, { force: true });
    channel.stop().then(
      () => process.exit(0),
      (error: unknown) => fail(error),
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

/** Readers see the whole file or none. */
function writeReadyFile(file: string, content: unknown): void {
  const unfinished = `${file}.${process.pid}`;
  writeFileSync(unfinished, `${JSON.stringify(content)}\n`);
  renameSync(unfinished, file);
}

/** Fisher and Yates; the choice of endorsers is no secret. */
function shuffle<T>(items: T[]): T[] {
  const shuffled = [...items];
  for (let last = shuffled.length - 1; last > 0; last--) {
    const other = Math.floor(Math.random() * (last + 1));
    [shuffled[last], shuffled[other]] = [shuffled[other] as T, shuffled[last] as T];
  }
  return shuffled;
}

function fail(error: unknown): void {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exit(EXIT_FAILED);
}

main().catch(fail);
