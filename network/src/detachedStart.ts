import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { NetworkAddresses } from './addresses.js';
import { Home } from './home.js';
import { readRecord } from './networkRecord.js';
import { PartLog } from './supervise/partLog.js';
import { pause } from './supervise/readiness.js';

const POLL_MS = 50;

/** A launcher gives each part its own limit and tries; this bounds all of it together. */
const DETACHED_START_MS_MAX = 10 * 60_000;

const LINES_SHOWN = 15;

/**
 * Starts a launcher in a session of its own, which outlives this process and its terminal, and waits until its network
 * is up. Its output goes to `logs/launcher.log`.
 *
 * @param main the launcher's program.
 * @param args its arguments, those that put it into the background left out.
 * @throws Error with what the launcher said, when it ended instead.
 */
export async function startDetached(folder: string, main: string, args: readonly string[]): Promise<NetworkAddresses> {
  const home = new Home(folder);
  const log = new PartLog(home.logFile('launcher'));
  const child = log.withDescriptor((descriptor) =>
    spawn(process.execPath, [main, ...args], { detached: true, stdio: ['ignore', descriptor, descriptor] }),
  );
  let hasEnded = false;
  child.once('exit', () => {
    hasEnded = true;
  });
  child.once('error', () => {
    hasEnded = true;
  });
  const deadline = performance.now() + DETACHED_START_MS_MAX;
  while (!hasEnded && performance.now() < deadline) {
    const record = readRecord(home.recordFile);
    const addresses = record?.state === 'ready' && record.launcher.pid === child.pid ? readAddresses(home) : undefined;
    if (addresses !== undefined) {
      child.unref();
      return addresses;
    }
    await pause(POLL_MS);
  }
  if (!hasEnded) child.kill('SIGTERM');
  throw new Error(log.tail(LINES_SHOWN).join('\n'));
}

function readAddresses(home: Home): NetworkAddresses | undefined {
  try {
    return JSON.parse(readFileSync(home.addressesFile, 'utf8')) as NetworkAddresses;
  } catch {
    return undefined;
  }
}
