import { existsSync, rmSync } from 'node:fs';
import { refusal } from '@consilium/domain';
import { Home } from './home.js';
import { lockHolder, takeLauncherLock } from './launcherLock.js';
import { readRecord, removeRecord } from './networkRecord.js';
import { endOrphans, type Orphan } from './supervise/orphans.js';
import { TERMINATION_MS_MAX } from './supervise/partRun.js';
import { labelOf } from './supervise/partSpec.js';
import { isRunning, signalProcess } from './supervise/processIdentity.js';
import { pause } from './supervise/readiness.js';

const POLL_MS = 50;

/** A launcher stops its parts in three steps, each within its own limit. */
export const STOP_MS_MAX = 3 * TERMINATION_MS_MAX + 5_000;

/**
 * Stops the network of a home folder from any process: asks its launcher to, or ends what a killed launcher has left.
 *
 * @returns what was ended: the launcher, or the labels of the processes that had no launcher any more.
 * @throws NETWORK_NOT_RUNNING, PARTS_LEFT
 */
export async function stopNetwork(folder: string): Promise<{ launcher: boolean; orphans: string[] }> {
  const home = new Home(folder);
  if (!existsSync(home.root)) throw refusal('NETWORK_NOT_RUNNING', {});
  const launcher = lockHolder(home.lockFile);
  const launcherRuns = launcher !== undefined && isRunning(launcher);
  if (launcherRuns) {
    signalProcess(launcher, 'SIGTERM');
    const deadline = performance.now() + STOP_MS_MAX;
    while (isRunning(launcher) && performance.now() < deadline) await pause(POLL_MS);
    signalProcess(launcher, 'SIGKILL');
    while (isRunning(launcher)) await pause(POLL_MS);
  }
  const release = takeLauncherLock(home.lockFile);
  try {
    const orphans = await endLeftovers(home);
    if (!launcherRuns && orphans.length === 0) throw refusal('NETWORK_NOT_RUNNING', {});
    return { launcher: launcherRuns, orphans };
  } finally {
    release();
  }
}

/**
 * Ends what a killed launcher left, and forgets it. To be called by whoever holds the launcher's lock.
 *
 * @returns the labels of the processes that were ended.
 * @throws PARTS_LEFT
 */
export async function endLeftovers(home: Home): Promise<string[]> {
  rmSync(home.addressesFile, { force: true });
  const orphans: Orphan[] = (readRecord(home.recordFile)?.parts ?? []).flatMap((part) =>
    part.process === undefined ? [] : [{ process: part.process, label: labelOf(part), stopStage: part.stopStage }],
  );
  const ended = await endOrphans(orphans, home.root);
  removeRecord(home.recordFile);
  return ended;
}
