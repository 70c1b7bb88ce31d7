/** One read of a file for all who want it at one time: a vector that goes to many members is in memory once. */
import type { Digest } from '@consilium/domain';
import type { Blobs } from './ports.js';

export class SharedReads {
  readonly #blobs: Pick<Blobs, 'get'>;
  readonly #reads = new Map<Digest, { bytes: Promise<Uint8Array | undefined>; users: number }>();

  constructor(blobs: Pick<Blobs, 'get'>) {
    this.#blobs = blobs;
  }

  /** @param use keeps nothing of the bytes beyond its own end */
  async with<T>(digest: Digest, use: (bytes: Uint8Array | undefined) => Promise<T>): Promise<T> {
    const read = this.#reads.get(digest) ?? { bytes: this.#blobs.get(digest), users: 0 };
    this.#reads.set(digest, read);
    read.users += 1;
    try {
      return await use(await read.bytes);
    } finally {
      read.users -= 1;
      if (read.users === 0) this.#reads.delete(digest);
    }
  }
}
