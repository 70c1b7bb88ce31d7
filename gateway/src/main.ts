#!/usr/bin/env node
/** One hospital's gateway: `node gateway/dist/main.js --config FILE`. */
import { renameSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { ConsiliumError } from '@consilium/domain';
import { pino } from 'pino';
import { readConfiguration } from './configuration.js';
import { startGateway } from './hospitalGateway.js';
import { gatewayLog } from './log.js';

const HELP = `node gateway/dist/main.js --config FILE

Runs one hospital's gateway until SIGTERM or SIGINT. FILE is JSON: which peer, which certificates, which rows,
where it listens.`;
/** Never logged on purpose; were they logged by mistake, they would not be readable. */
const SECRETS = ['authorization', 'token', 'keyPem'].flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);
/** A stop that takes longer is cut off. */
const STOP_MS_MAX = 8_000;

const { values } = parseArgs({ options: { config: { type: 'string' }, help: { type: 'boolean', short: 'h' } } });
if (values.help || values.config === undefined) {
  process.stderr.write(`${HELP}\n`);
  process.exit(values.help ? 0 : 2);
}

try {
  await run(values.config);
} catch (error) {
  process.stderr.write(`${error instanceof ConsiliumError ? error.message : ((error as Error).stack ?? error)}\n`);
  process.exitCode = 1;
}

async function run(file: string): Promise<void> {
  const configuration = readConfiguration(file);
  const lines = pino({ level: configuration.logLevel, base: { msp: configuration.msp }, redact: SECRETS });
  const log = gatewayLog(lines);
  for (const event of ['uncaughtException', 'unhandledRejection'] as const)
    process.on(event, (error) => {
      lines.fatal(
        { reason: String((error as Error)?.stack ?? error) },
        'a fault that nothing caught: the gateway ends',
      );
      process.exit(1);
    });
  const gateway = await startGateway(configuration, log, { consentKey: process.env.CONSILIUM_CONSENT_KEY });
  const stop = () => {
    setTimeout(() => process.exit(1), STOP_MS_MAX).unref();
    gateway.stop().then(
      () => process.exit(0),
      (error) => {
        lines.error({ reason: String(error) }, 'the gateway did not stop cleanly');
        process.exit(1);
      },
    );
  };
  process.once('SIGTERM', stop).once('SIGINT', stop);
  gateway.failed.catch((error: Error) => {
    lines.fatal({ reason: error.message }, 'the gateway ends');
    process.exit(1);
  });
  if (configuration.readyFile !== undefined) {
    const { apiUrl, exchangeUrl } = gateway;
    const unfinished = `${configuration.readyFile}.${process.pid}`;
    writeFileSync(unfinished, JSON.stringify({ pid: process.pid, apiUrl, exchangeUrl }));
    renameSync(unfinished, configuration.readyFile);
  }
  log.info({ api: gateway.apiUrl, exchange: gateway.exchangeUrl }, 'the gateway is up');
}
