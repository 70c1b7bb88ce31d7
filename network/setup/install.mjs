import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runSilently } from './child.mjs';

const INSTALL_MS_MAX = 15 * 60_000;
const INSTALL_REMEDY =
  'The packages could not be installed. Is the package registry within reach (npm ping)? Then run the same command again.';

/**
 * @typedef {{ version?: string, integrity?: string, resolved?: string, link?: boolean, optional?: boolean, peer?: boolean, devOptional?: boolean }} LockEntry
 * @typedef {{ packages: Record<string, LockEntry> }} Lockfile
 */

/** @param {string} root */
function stampFile(root) {
  return join(root, 'node_modules', '.consilium-lock');
}

/**
 * SHA-256 of package-lock.json, in hex.
 *
 * @param {string} root
 */
export function lockfileDigest(root) {
  return createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
}

/**
 * Whether node_modules was installed from the lockfile as it is now. Cheap: one small file is read.
 *
 * @param {string} root
 */
export function isInstalled(root) {
  try {
    return readFileSync(stampFile(root), 'utf8') === lockfileDigest(root);
  } catch {
    return false;
  }
}

/**
 * Whether what npm says it installed is what the lockfile asks for. A developer's own `npm install` leaves both equal,
 * and node_modules must not be thrown away after it.
 *
 * @param {Lockfile} lockfile package-lock.json
 * @param {Lockfile} installed node_modules/.package-lock.json
 */
export function isSameInstall(lockfile, installed) {
  const isSame = (/** @type {LockEntry} */ a, /** @type {LockEntry} */ b) =>
    a.version === b.version && a.integrity === b.integrity && a.resolved === b.resolved && a.link === b.link;
  for (const [path, entry] of Object.entries(lockfile.packages)) {
    const found = installed.packages[path];
    if (found ? !isSame(entry, found) : path !== '' && !entry.optional && !entry.peer && !entry.devOptional) {
      return false;
    }
  }
  return Object.keys(installed.packages).every((path) => lockfile.packages[path] !== undefined);
}

/**
 * Installs what the lockfile names. Call it while holding the set-up's lock, when `isInstalled` says no.
 *
 * @param {string} root
 * @param {NodeJS.ProcessEnv} environment
 * @param {(text: string) => void} say
 * @throws when npm fails, with the end of its output and what to look at
 */
export async function installPackages(root, environment, say) {
  if (!hasSameInstall(root)) {
    say('installing packages');
    // Into a folder that is in use, only what differs: `npm ci` would take the files from under a running network.
    const isInUse = existsSync(hiddenLockfile(root));
    if (isInUse) await npm(['install', '--no-save'], root, environment);
    if (!isInUse || !hasSameInstall(root)) {
      const result = await npm(['ci'], root, environment);
      if (!result.ok) throw new Error(`${result.output}\n\n${INSTALL_REMEDY}`);
    }
  }
  writeFileSync(stampFile(root), lockfileDigest(root));
}

/** @param {string[]} verb @param {string} root @param {NodeJS.ProcessEnv} environment */
function npm(verb, root, environment) {
  const [program, ...args] = npmCommand(environment);
  return runSilently(program, [...args, ...verb, '--loglevel=error', '--no-progress'], {
    cwd: root,
    env: environment,
    timeoutMs: INSTALL_MS_MAX,
  });
}

/** Where npm notes what it installed. @param {string} root */
function hiddenLockfile(root) {
  return join(root, 'node_modules', '.package-lock.json');
}

/** @param {string} root */
function hasSameInstall(root) {
  if (!existsSync(hiddenLockfile(root))) return false;
  const read = (/** @type {string} */ file) => /** @type {Lockfile} */ (JSON.parse(readFileSync(file, 'utf8')));
  return isSameInstall(read(join(root, 'package-lock.json')), read(hiddenLockfile(root)));
}

/**
 * The npm that started this verb, else the one on the path.
 *
 * @param {NodeJS.ProcessEnv} environment
 * @returns {[string, ...string[]]}
 */
function npmCommand(environment) {
  const script = environment.npm_execpath;
  return script?.endsWith('.js') && /npm-cli/.test(script) ? [process.execPath, script] : ['npm'];
}
