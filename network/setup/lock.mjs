import { closeSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname, uptime } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

/** Longer than any set-up takes; then the user is told whom the lock belongs to. */
const LOCK_WAIT_MS_MAX = 30 * 60_000;
const LOCK_POLL_MS = 200;
/** A take-over lasts microseconds; one that is older belongs to a process that died inside it. */
const TAKE_OVER_MS_MAX = 10_000;

/**
 * Does the work while holding an exclusive lock file, waiting for whoever holds it.
 * The lock of a process that has died is taken over.
 *
 * @template T
 * @param {string} file in an existing folder
 * @param {(text: string) => void} say told once when another process has to be waited for
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(file, say, work) {
  const waitEnds = Date.now() + LOCK_WAIT_MS_MAX;
  let isTold = false;
  while (!tryLock(file)) {
    const holder = readHolder(file);
    if (Date.now() > waitEnds) {
      throw new Error(`Waited too long for ${file} of process ${holder?.pid}. End that process, or delete the file.`);
    }
    if (holder && !isTold) {
      say(`waiting for another set-up (process ${holder.pid})`);
      isTold = true;
    }
    await sleep(LOCK_POLL_MS);
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

/** @param {string} file */
function tryLock(file) {
  if (createExclusively(file)) return true;
  const holder = readHolder(file);
  if (!holder || isAlive(holder)) return false;
  // Two waiters may see the same dead holder: only the one that owns this second file may replace the first.
  const takeOver = `${file}.takeover`;
  if (!createExclusively(takeOver)) {
    const age = Date.now() - (statSync(takeOver, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > TAKE_OVER_MS_MAX) rmSync(takeOver, { force: true });
    return false;
  }
  try {
    const now = readHolder(file);
    if (!now || now.pid !== holder.pid || now.host !== holder.host) return false;
    writeFileSync(file, ownName());
    return true;
  } finally {
    rmSync(takeOver, { force: true });
  }
}

/** @param {string} file */
function createExclusively(file) {
  try {
    const descriptor = openSync(file, 'wx');
    writeFileSync(descriptor, ownName());
    closeSync(descriptor);
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EEXIST') return false;
    throw error;
  }
}

function ownName() {
  return JSON.stringify({ pid: process.pid, host: hostname() });
}

/**
 * @param {string} file
 * @returns {{ pid: number, host: string, writtenMs: number } | undefined} undefined if free or just being written
 */
function readHolder(file) {
  try {
    const writtenMs = statSync(file).mtimeMs;
    const text = readFileSync(file, 'utf8');
    if (text === '' && Date.now() - writtenMs > TAKE_OVER_MS_MAX) return { pid: 0, host: hostname(), writtenMs };
    return { ...JSON.parse(text), writtenMs };
  } catch {
    return undefined;
  }
}

/** @param {{ pid: number, host: string, writtenMs: number }} holder */
function isAlive({ pid, host, writtenMs }) {
  // Another machine, or container, on the same disk: its process cannot be asked.
  if (host !== hostname()) return Date.now() - writtenMs < LOCK_WAIT_MS_MAX;
  const wasBeforeBoot = writtenMs < Date.now() - uptime() * 1000;
  if (pid <= 0 || wasBeforeBoot) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
}
