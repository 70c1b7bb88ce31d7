import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { refusal } from '@consilium/domain';

/** The checkout that this file belongs to, whether it runs from `src` or from `dist`. */
export const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));

/**
 * The path of a built program.
 *
 * @throws BUILD_MISSING
 */
export function requireBuilt(repository: string, path: string): string {
  const absolute = join(repository, path);
  if (!existsSync(absolute)) throw refusal('BUILD_MISSING', { file: path });
  return absolute;
}

/** A file of a package that one of the workspaces depends on. */
export function packageFile(repository: string, workspace: string, file: string): string {
  return createRequire(join(repository, workspace, 'package.json')).resolve(file);
}
