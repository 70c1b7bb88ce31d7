import { refusal } from '@consilium/domain';
import { TERMINATION_MS_MAX } from './partRun.js';
import { isRunning, killGroup, type ProcessIdentity, processesMarked, signalProcess } from './processIdentity.js';
import { pause } from './readiness.js';

/** Every process of a network carries its home folder under this name in its environment. */
export const HOME_MARKER = 'CONSILIUM_LAUNCHED_HOME';

const POLL_MS = 50;
const KILL_MS_MAX = 5_000;

export interface Orphan {
  readonly process: ProcessIdentity;
  readonly label: string;
  readonly stopStage: number;
}

/**
 * Ends processes of a network whose launcher is gone: those written down, in the order of a clean stop, then any
 * that carries the home folder's mark without having been written down (a training process, or one started in the
 * instant in which the launcher was killed). A process is known by its id and its start time together, or by the mark:
 * none of somebody else's is touched.
 *
 * @returns the labels of the processes that were ended.
 * @throws PARTS_LEFT
 */
export async function endOrphans(recorded: readonly Orphan[], home: string): Promise<string[]> {
  const ended: string[] = [];
  for (const stage of [...new Set(recorded.map(({ stopStage }) => stopStage))].sort((a, b) => a - b)) {
    const alive = recorded.filter((orphan) => orphan.stopStage === stage && isRunning(orphan.process));
    for (const { process } of alive) signalProcess(process, 'SIGTERM');
    await untilGone(alive, TERMINATION_MS_MAX);
    await killRemaining(alive);
    ended.push(...alive.map(({ label }) => label));
  }
  const marked = processesMarked(`${HOME_MARKER}=${home}`).map((process) => ({
    process,
    label: `process ${process.pid}`,
    stopStage: 0,
  }));
  await killRemaining(marked);
  return [...ended, ...marked.map(({ label }) => label)];
}

async function killRemaining(orphans: readonly Orphan[]): Promise<void> {
  for (const { process } of orphans) if (signalProcess(process, 'SIGKILL')) killGroup(process.pid);
  const left = await untilGone(orphans, KILL_MS_MAX);
  if (left.length > 0) {
    throw refusal('PARTS_LEFT', {
      parts: left.map(({ label, process }) => `${label} (${process.pid})`).join(', '),
      waitedMs: KILL_MS_MAX,
    });
  }
}

async function untilGone(orphans: readonly Orphan[], msMax: number): Promise<Orphan[]> {
  const deadline = performance.now() + msMax;
  let left = orphans.filter(({ process }) => isRunning(process));
  while (left.length > 0 && performance.now() < deadline) {
    await pause(POLL_MS);
    left = left.filter(({ process }) => isRunning(process));
  }
  return left;
}
