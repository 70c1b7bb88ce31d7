/** Vectors and version files on this hospital's disk, each under the SHA-256 of its bytes. */
import { createHash, randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Digest } from '@consilium/domain';
import type { Blobs, Log } from '../agent/ports.js';

const UNFINISHED = 'unfinished';
/** What is in memory of a file that is read piece by piece: enough that reading costs little. */
const PIECE_BYTES = 1024 * 1024;

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
    const bytes = await readFile(this.#path(digest)).catch(ignoreMissing);
    if (!bytes) return undefined;
    if (digestOf(bytes) === digest) return bytes;
    await this.#removeFalse(digest);
    return undefined;
  }

  async read(
    digest: Digest,
    take: (piece: Uint8Array, at: number) => void,
  ): Promise<Readonly<{ digest: Digest; bytes: number }> | undefined> {
    const file = await open(this.#path(digest), 'r').catch(ignoreMissing);
    if (!file) return undefined;
    const hash = createHash('sha256');
    const piece = Buffer.allocUnsafeSlow(PIECE_BYTES);
    let bytes = 0;
    try {
      for (let filled = await fill(file, piece, bytes); filled > 0; filled = await fill(file, piece, bytes)) {
        const part = piece.subarray(0, filled);
        hash.update(part);
        take(part, bytes);
        bytes += filled;
      }
    } finally {
      await file.close();
    }
    const found = hash.digest('hex') as Digest;
    if (found === digest) return { digest: found, bytes };
    await this.#removeFalse(digest);
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

  /** The disk lied: without the file it is fetched again from another holder. */
  async #removeFalse(digest: Digest): Promise<void> {
    this.#log.error({ digest }, 'bytes on the disk no longer have their digest: removed');
    await rm(this.#path(digest), { force: true });
  }

  #path(digest: Digest): string {
    const checked = Digest.parse(digest);
    return join(this.#folder, checked.slice(0, 2), checked);
  }
}

/** Reads until the piece is full, or the file ends. @returns how many bytes */
async function fill(file: FileHandle, piece: Buffer, from: number): Promise<number> {
  let filled = 0;
  while (filled < piece.length) {
    const { bytesRead } = await file.read(piece, filled, piece.length - filled, from + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled;
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT') return undefined;
  throw error;
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
