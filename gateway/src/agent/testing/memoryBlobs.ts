/** Files in memory, by digest. */
import type { Digest } from '@consilium/domain';
import { digestOf } from '../digestOf.js';
import type { Blobs } from '../ports.js';

export class MemoryBlobs implements Blobs {
  readonly files = new Map<Digest, Uint8Array>();

  async put(bytes: Uint8Array): Promise<Digest> {
    const digest = digestOf(bytes);
    this.files.set(digest, bytes);
    return digest;
  }

  async get(digest: Digest): Promise<Uint8Array | undefined> {
    return this.files.get(digest);
  }

  async has(digest: Digest): Promise<boolean> {
    return this.files.has(digest);
  }

  async remove(digest: Digest): Promise<void> {
    this.files.delete(digest);
  }
}
