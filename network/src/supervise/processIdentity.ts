import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { z } from 'zod';

/**
 * A process that cannot be taken for another one. A process id is given again after its process has ended; together
 * with the moment at which the process started, it is not.
 */
export const ProcessIdentity = z.strictObject({ pid: z.int().min(1), started: z.string().min(1) });
export type ProcessIdentity = z.infer<typeof ProcessIdentity>;

const IS_LINUX = process.platform === 'linux';

/** The identity of a process that runs now, or undefined: no such process, or one that has ended and waits to be reaped. */
export function identityOf(pid: number): ProcessIdentity | undefined {
  const started = IS_LINUX ? startOnLinux(pid) : startByPs(pid);
  return started === undefined ? undefined : { pid, started };
}

/** Whether exactly this process still runs. */
export function isRunning(identity: ProcessIdentity): boolean {
  return identityOf(identity.pid)?.started === identity.started;
}

/** Sends a signal to exactly this process. Returns whether it was there. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  return isRunning(identity) && signalled(identity.pid, signal);
}

/**
 * Ends whatever is left of the process group that the process led (it may itself have ended). Children of the
 * launcher lead a group each, so this reaches a gateway's training process and nothing else.
 */
export function killGroup(leaderPid: number): void {
  signalled(-leaderPid, 'SIGKILL');
}

function signalled(target: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(target, signal);
    return true;
  } catch {
    // It ended in between.
    return false;
  }
}

/**
 * Processes whose environment contains exactly this entry (`NAME=value`), without this process and its ancestors.
 * Only Linux tells; elsewhere the answer is empty, and only processes that were written down are found.
 */
export function processesMarked(entry: string): ProcessIdentity[] {
  if (!IS_LINUX) return [];
  const own = ancestors();
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && !own.has(Number(name)))
    .filter((name) => readIfThere(`/proc/${name}/environ`).split('\0').includes(entry))
    .flatMap((name) => identityOf(Number(name)) ?? []);
}

function ancestors(): Set<number> {
  const found = new Set<number>();
  for (let pid = process.pid; pid > 1 && !found.has(pid); pid = Number(fieldsOfStat(pid)[1] ?? 0)) found.add(pid);
  return found;
}

/** Fields of /proc/PID/stat from the third (state) on; the second may contain anything, so it is cut at its last bracket. */
function fieldsOfStat(pid: number): string[] {
  const stat = readIfThere(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function startOnLinux(pid: number): string | undefined {
  const [state, ...rest] = fieldsOfStat(pid);
  const ticksSinceBoot = rest[18];
  if (ticksSinceBoot === undefined || state === 'Z' || state === 'X') return undefined;
  return `${readIfThere('/proc/sys/kernel/random/boot_id').trim()}/${ticksSinceBoot}`;
}

function startByPs(pid: number): string | undefined {
  try {
    const line = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    const [state = '', ...started] = line.split(/\s+/);
    return line === '' || state.startsWith('Z') ? undefined : started.join(' ');
  } catch {
    return undefined;
  }
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
