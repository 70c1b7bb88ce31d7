import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Mode of what everyone on the machine may read: certificates, addresses. */
export const PUBLIC_FILE_MODE = 0o644;

/** Mode of keys, tokens and whatever names processes. */
export const PRIVATE_FILE_MODE = 0o600;

/** Mode of folders: a hospital's folder is its own. */
export const FOLDER_MODE = 0o700;

/**
 * Writes a file so that a reader, or whoever starts after a crash, sees the old content or the new one and never a
 * part. `durable` also survives a power cut; it costs a disk flush.
 */
export function writeFileAtomic(
  path: string,
  content: string,
  { mode = PUBLIC_FILE_MODE, durable = false }: { mode?: number; durable?: boolean } = {},
): void {
  mkdirSync(dirname(path), { recursive: true, mode: FOLDER_MODE });
  const part = `${path}.${randomBytes(6).toString('hex')}.part`;
  const file = openSync(part, 'wx', mode);
  try {
    writeFileSync(file, content);
    if (durable) fsyncSync(file);
  } catch (error) {
    rmSync(part, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
  renameSync(part, path);
}

/** Writes a value as indented JSON, atomically. */
export function writeJsonAtomic(path: string, value: unknown, mode: number = PUBLIC_FILE_MODE): void {
  writeFileAtomic(path, `${JSON.stringify(value, null, 2)}\n`, { mode });
}
