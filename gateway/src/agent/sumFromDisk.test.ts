import type { Contribution, Msp, StudyId } from '@consilium/domain';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { vectorBytes } from '../privacy/fixedPoint.js';
import { digestOf } from './digestOf.js';
import type { Blobs } from './ports.js';
import { sumFromDisk } from './sumFromDisk.js';
import { MemoryBlobs } from './testing/memoryBlobs.js';

const LENGTH = 20;
const vectors = new Map(
  ['AMSP', 'BMSP', 'CMSP'].map((msp, k) => [msp as Msp, vectorBytes(new Int32Array(LENGTH).fill(2 ** 30 + k))]),
);
const contributions = [...vectors].map(
  ([msp, bytes]): Contribution => ({
    ...{ study: 'heart' as StudyId, round: 2, msp, at: 0, receipts: [] },
    ...{ vectorDigest: digestOf(bytes), vectorLength: LENGTH },
  }),
);

/** Hands out pieces of two elements. */
class PiecesOnDisk extends MemoryBlobs {
  /** Digests that the disk is wrong about once, after it handed out half of them. */
  readonly wrongOnce = new Set<string>();

  override read: Blobs['read'] = async (digest, take) => {
    const bytes = this.files.get(digest);
    if (!bytes) return undefined;
    const isWrong = this.wrongOnce.delete(digest);
    const end = isWrong ? bytes.length / 2 : bytes.length;
    for (let at = 0; at < end; at += 8) take(bytes.subarray(at, at + 8), at);
    if (!isWrong) return { digest, bytes: bytes.length };
    await this.remove(digest);
    return undefined;
  };
}

describe('a sum from disk', () => {
  let disk: PiecesOnDisk;
  const brought: Msp[] = [];
  const bring = async ({ msp, vectorDigest }: Contribution) => {
    if (await disk.has(vectorDigest)) return;
    brought.push(msp);
    await disk.put(vectors.get(msp) as Uint8Array);
  };
  beforeEach(async () => {
    brought.length = 0;
    disk = new PiecesOnDisk();
    for (const bytes of vectors.values()) await disk.put(bytes);
  });

  test('is that of the vectors modulo 2^32, and says what was seen of each', async () => {
    const { sum, vectors: seen } = await sumFromDisk(disk, contributions, LENGTH, bring);
    expect([...sum]).toEqual(Array(LENGTH).fill((3 * 2 ** 30 + 3) | 0));
    expect([...seen.keys()]).toEqual([...vectors.keys()]);
    const { vectorDigest: digest } = contributions[1] as Contribution;
    expect(seen.get('BMSP' as Msp)).toEqual({ digest, bytes: 4 * LENGTH, first: [2 ** 30 + 1, 2 ** 30 + 1] });
    expect(brought).toEqual([]);
  });

  test('brings what is not there', async () => {
    await disk.remove((contributions[2] as Contribution).vectorDigest);
    await sumFromDisk(disk, contributions, LENGTH, bring);
    expect(brought).toEqual(['CMSP']);
  });

  test('begins anew where the disk turns out wrong after it gave half of a vector', async () => {
    disk.wrongOnce.add((contributions[1] as Contribution).vectorDigest);
    const { sum } = await sumFromDisk(disk, contributions, LENGTH, bring);
    expect([...sum]).toEqual(Array(LENGTH).fill((3 * 2 ** 30 + 3) | 0));
    expect(brought).toEqual(['BMSP']);
  });

  test('gives up on a disk that loses every vector, and on a vector of another length', async () => {
    const gone = { read: async () => undefined };
    await expect(sumFromDisk(gone, contributions, LENGTH, bring)).rejects.toThrow('VECTOR_UNKNOWN');
    for (const length of [LENGTH - 1, LENGTH + 1])
      await expect(sumFromDisk(disk, contributions, length, bring)).rejects.toThrow('VECTOR_LENGTH_WRONG');
  });
});
