/** Vectors and version files on this hospital's disk, each under the SHA-256 of its bytes. */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Digest } from '@consilium/domain';
import type { Blobs, Log } from '../agent/ports.js';

const UNFINISHED = 'unfinished';

/** A file appears whole or not at all, and is on the disk before `put` resolves. Every read checks the digest. */
export class FileBlobs implements Blobs {
  readonly #folder: string;
  readonly #log: Log;

  private constructor(folder: string, log: Log) {
    this.#folder = folder;
    this.#log = log;
  }

  /** Opens the folder, making it where it is missing, and clears what a crash left unfinished. */
  static async open(folder: string, log: Log): Promise<FileBlobs> {
    const unfinished = join(folder, UNFINISHED);
    await mkdir(unfinished, { recursive: true, mode: 0o700 });
    for (const name of await readdir(unfinished)) await rm(join(unfinished, name), { force: true });
    return new FileBlobs(folder, log);
  }

  async put(bytes: Uint8Array): Promise<Digest> {
    const digest = digestOf(bytes);
    const path = this.#path(digest);
    if (await this.get(digest)) return digest;
    const unfinished = join(this.#folder, UNFINISHED, randomUUID());
    const file = await open(unfinished, 'wx', 0o600);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    const folder = dirname(path);
    if (await mkdir(folder, { recursive: true, mode: 0o700 })) await syncFolder(this.#folder);
    await rename(unfinished, path);
    await syncFolder(folder);
    return digest;
  }

  async get(digest: Digest): Promise<Uint8Array | undefined> {
    const path = this.#path(digest);
    const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (!bytes) return undefined;
    if (digestOf(bytes) === digest) return bytes;
    // The disk lied: without the file it is fetched again from another holder.
    this.#log.error({ digest }, 'bytes on the disk no longer have their digest: removed');
    await rm(path, { force: true });
    return undefined;
  }

  async has(digest: Digest): Promise<boolean> {
    return (await stat(this.#path(digest)).catch(() => undefined))?.isFile() ?? false;
  }

  async remove(digest: Digest): Promise<void> {
    const path = this.#path(digest);
    if (!(await this.has(digest))) return;
    await rm(path, { force: true });
    await syncFolder(dirname(path));
  }

  #path(digest: Digest): string {
    const checked = Digest.parse(digest);
    return join(this.#folder, checked.slice(0, 2), checked);
  }
}

function digestOf(bytes: Uint8Array): Digest {
  return createHash('sha256').update(bytes).digest('hex') as Digest;
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
