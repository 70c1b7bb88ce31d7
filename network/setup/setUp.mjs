import { join } from 'node:path';
import { build, isBuilt } from './build.mjs';
import { isEngineSettled, settleEngine } from './engine.mjs';
import { installPackages, isInstalled } from './install.mjs';
import { withLock } from './lock.mjs';

/** @param {string} text */
export function say(text) {
  process.stdout.write(`set-up: ${text}\n`);
}

/**
 * Makes this clone runnable: packages, engine, build. Silent and quick when nothing is due, and safe to start twice at once.
 *
 * @param {string} root
 * @param {NodeJS.ProcessEnv} environment
 * @param {{ withEngine: boolean }} options without engine for verbs that never train
 */
export async function setUp(root, environment, { withEngine }) {
  const isEngineDue = () => withEngine && !isEngineSettled(root, environment);
  if (isInstalled(root) && !isEngineDue() && isBuilt(root)) return;
  const startedMs = Date.now();
  await withLock(join(root, '.setup.lock'), say, async () => {
    if (!isInstalled(root)) await installPackages(root, environment, say);
    // The engine waits for the network while the compiler works.
    const due = [build(root, say), ...(isEngineDue() ? [settleEngine(root, environment, say)] : [])];
    const failure = (await Promise.allSettled(due)).find((result) => result.status === 'rejected');
    if (failure) throw failure.reason;
  });
  say(`ready after ${((Date.now() - startedMs) / 1000).toFixed(1)} s`);
}
