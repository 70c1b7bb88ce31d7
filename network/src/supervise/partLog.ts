import {
  appendFileSync,
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { FOLDER_MODE, PRIVATE_FILE_MODE } from '../atomicFile.js';

/** A log that is longer becomes the old one (`.1`), which it replaces. So a part's two logs take twice this at most. */
export const LOG_BYTES_MAX = 5 * 1024 * 1024;

/**
 * The log of one part. The part writes into the file itself, not through the launcher: so it goes on logging, and is
 * not ended by a closed pipe, if the launcher is killed.
 */
export class PartLog {
  constructor(
    readonly path: string,
    private readonly bytesMax: number = LOG_BYTES_MAX,
  ) {
    mkdirSync(dirname(path), { recursive: true, mode: FOLDER_MODE });
  }

  /** Runs `use` with a descriptor that appends, to be inherited by a child. */
  withDescriptor<T>(use: (descriptor: number) => T): T {
    const descriptor = openSync(this.path, 'a', PRIVATE_FILE_MODE);
    try {
      return use(descriptor);
    } finally {
      closeSync(descriptor);
    }
  }

  /** Adds a line of the launcher's own about this part. A full disk loses the line, not the supervision. */
  note(text: string, at: Date): void {
    try {
      appendFileSync(this.path, `${at.toISOString()} launcher: ${text}\n`, { mode: PRIVATE_FILE_MODE });
    } catch {
      // There is nowhere left to say it.
    }
  }

  /** Cuts the log when it is too long. The part keeps its descriptor, and appends to the emptied file. */
  limit(): void {
    if (!existsSync(this.path) || statSync(this.path).size <= this.bytesMax) return;
    try {
      copyFileSync(this.path, `${this.path}.1`);
    } catch {
      // No room for the copy: all the more reason to make some.
      rmSync(`${this.path}.1`, { force: true });
    }
    truncateSync(this.path);
  }

  /** The last lines, oldest first. */
  tail(lines: number): string[] {
    if (statSync(this.path, { throwIfNoEntry: false })?.isFile() !== true) return [];
    const all = readFileSync(this.path, 'utf8').split('\n');
    if (all.at(-1) === '') all.pop();
    return all.slice(Math.max(0, all.length - lines));
  }
}
