import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { refusal } from '@consilium/domain';
import { FOLDER_MODE, PRIVATE_FILE_MODE } from './atomicFile.js';
import { identityOf, isRunning, ProcessIdentity } from './supervise/processIdentity.js';

const TRIES_MAX = 5;

/**
 * Lets one launcher at a time work in a home folder. A lock whose holder is gone is taken over, so a killed launcher
 * stands in nobody's way.
 *
 * @returns gives the lock back.
 * @throws NETWORK_RUNNING
 */
export function takeLauncherLock(file: string): () => void {
  mkdirSync(dirname(file), { recursive: true, mode: FOLDER_MODE });
  const own = JSON.stringify(identityOf(process.pid));
  for (let attempt = 0; attempt < TRIES_MAX; attempt += 1) {
    if (created(file, own)) return () => release(file, own);
    const holder = lockHolder(file);
    if (holder !== undefined && isRunning(holder)) throw refusal('NETWORK_RUNNING', {});
    takeAway(file, holder);
  }
  throw refusal('NETWORK_RUNNING', {});
}

/** Who holds the lock, running or not. */
export function lockHolder(file: string): ProcessIdentity | undefined {
  try {
    return ProcessIdentity.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}

function created(file: string, content: string): boolean {
  // Written aside and linked: a reader never sees a lock without its holder.
  const draft = `${file}.${process.pid}`;
  try {
    writeFileSync(draft, content, { mode: PRIVATE_FILE_MODE });
    linkSync(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Removes a lock left behind; if another launcher has put its own there meanwhile, that one is put back. */
function takeAway(file: string, stale: ProcessIdentity | undefined): void {
  const aside = `${file}.${process.pid}.stale`;
  try {
    renameSync(file, aside);
    const taken = lockHolder(aside);
    if (taken?.pid !== stale?.pid || taken?.started !== stale?.started) linkSync(aside, file);
  } catch {
    // Another launcher took it away, or has its own there: the next try finds out.
  } finally {
    rmSync(aside, { force: true });
  }
}

function release(file: string, own: string): void {
  if (JSON.stringify(lockHolder(file)) === own) rmSync(file, { force: true });
}
