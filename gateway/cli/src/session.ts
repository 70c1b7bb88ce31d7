/** What every command works with: a gateway, a place to print, and Ctrl-C. */
import type { GatewayClient } from '@consilium/client';
import type { Command } from 'commander';
import { connect } from './connection.js';
import { Output } from './output.js';

export type Session = Readonly<{ gateway: GatewayClient; output: Output; signal: AbortSignal }>;

/** Opens a session from the options of the command and its parents, and closes it after the work. */
export async function inSession(command: Command, work: (session: Session) => Promise<void>): Promise<void> {
  const options = command.optsWithGlobals();
  const interruption = new AbortController();
  const stop = () => interruption.abort();
  process.once('SIGINT', stop).once('SIGTERM', stop);
  const gateway = connect(options as Parameters<typeof connect>[0]);
  try {
    const output = new Output(options.json === true, (text) => process.stdout.write(text));
    await work({ gateway, output, signal: interruption.signal });
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
    await gateway.close();
  }
}
