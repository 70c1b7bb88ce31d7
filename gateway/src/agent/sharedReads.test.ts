import type { Digest } from '@consilium/domain';
import { expect, test } from '@jest/globals';
import { SharedReads } from './sharedReads.js';
import { MemoryBlobs } from './testing/memoryBlobs.js';

class Counted extends MemoryBlobs {
  reads = 0;

  override async get(digest: Digest): Promise<Uint8Array | undefined> {
    this.reads += 1;
    return super.get(digest);
  }
}

test('those who want a file at one time share one read; who comes later reads it anew', async () => {
  const blobs = new Counted();
  const digest = await blobs.put(Buffer.from('a vector'));
  const shared = new SharedReads(blobs);
  const texts = () =>
    Promise.all([1, 2, 3].map(() => shared.with(digest, async (bytes) => Buffer.from(bytes ?? []).toString())));
  expect(await texts()).toEqual(['a vector', 'a vector', 'a vector']);
  expect(blobs.reads).toBe(1);
  await texts();
  expect(blobs.reads).toBe(2);
});

test('a use that fails, or a file that is not there, is forgotten as well', async () => {
  const blobs = new Counted();
  const shared = new SharedReads(blobs);
  const digest = '0'.repeat(64) as Digest;
  const failing = shared.with(digest, async (bytes) => {
    expect(bytes).toBeUndefined();
    throw new Error('nobody answers');
  });
  await expect(failing).rejects.toThrow('nobody answers');
  expect(await shared.with(digest, async (bytes) => bytes)).toBeUndefined();
  expect(blobs.reads).toBe(2);
});
