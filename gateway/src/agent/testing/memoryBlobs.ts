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
    const bytes = this.files.get(digest);
    if (!bytes || digestOf(bytes) === digest) return bytes;
    this.files.delete(digest);
    return undefined;
  }

  async read(
    digest: Digest,
    take: (piece: Uint8Array, at: number) => void,
  ): Promise<{ digest: Digest; bytes: number } | undefined> {
    const bytes = await this.get(digest);
    if (!bytes) return undefined;
    take(bytes, 0);
    return { digest, bytes: bytes.length };
  }

  async has(digest: Digest): Promise<boolean> {
    return this.files.has(digest);
  }

  async remove(digest: Digest): Promise<void> {
    this.files.delete(digest);
  }
}
