#!/usr/bin/env node
/** The demo's two commands; `npm run demo` calls `prepare`, brings the network up, calls `run`, and stops it. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { ApiError } from '@consilium/client';
import { Command } from 'commander';
import { type DemoOptions, withDemoOptions } from './options.js';
import { prepare } from './prepare.js';
import { run } from './run.js';
import { Say } from './say.js';

const INTERRUPTED = 130;
const say = new Say(process.stdout);
const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interruption.abort());

const program = new Command('demo').description(
  'Four hospitals train one model together, and each sees what it gains.',
);

withDemoOptions(program.command('prepare').description('gets the hospitals’ files and writes the topology')).action(
  (options: DemoOptions) => prepare(options, cacheFolder(), say),
);
withDemoOptions(
  program
    .command('run')
    .description(
      'Four hospitals train one model together, and each sees what it gains: register, propose, approve, watch, compare.',
    )
    .configureHelp({ commandUsage: () => 'npm run demo -- [options]' }),
).action((options: DemoOptions) => {
  const measured = process.env.CONSILIUM_SETUP_SECONDS;
  return run(options, measured === undefined ? undefined : Number(measured), say, interruption.signal);
});

try {
  await program.parseAsync();
} catch (error) {
  if (interruption.signal.aborted) process.exitCode = INTERRUPTED;
  else {
    say.line(`The demo did not finish: ${describe(error)}`);
    process.exitCode = 1;
  }
}

function describe(error: unknown): string {
  if (error instanceof ApiError) return `${error.code}: ${error.detail}`;
  return error instanceof Error ? error.message : String(error);
}

function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'consilium');
}
