import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout's root folder. (`import.meta.dirname` is younger than the oldest supported Node.) */
export const ROOT = resolve(fileURLToPath(new URL('../..', import.meta.url)));

/** The launcher's program. */
export const NETWORK = join(ROOT, 'network', 'dist', 'main.js');

/**
 * Where identities, blocks and stores of the local network live.
 *
 * @param {NodeJS.ProcessEnv} environment
 * @param {string} [chosen] what `--home` says
 */
export function homeFolder(environment, chosen) {
  return resolve(chosen || environment.CONSILIUM_HOME || join(ROOT, '.consilium'));
}

/**
 * The user's cache folder, shared by every clone on the machine.
 *
 * @param {NodeJS.ProcessEnv} environment
 */
export function cacheFolder(environment) {
  return join(environment.XDG_CACHE_HOME || join(homedir(), '.cache'), 'consilium');
}

/**
 * Whether a program can be started by its name.
 *
 * @param {string} program
 * @param {NodeJS.ProcessEnv} environment
 */
export function isOnPath(program, environment) {
  const folders = (environment.PATH ?? '').split(delimiter).filter(Boolean);
  return folders.some((folder) => existsSync(join(folder, program)) || existsSync(join(folder, `${program}.exe`)));
}
