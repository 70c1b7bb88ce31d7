/**
 * Adds up the survivors' vectors as they are read from this hospital's disk: beside the sum no more than a piece of one of
 * them is in memory, however many hospitals there are.
 */
import { type Contribution, type Digest, type Msp, refusal } from '@consilium/domain';
import { addElements } from '../privacy/fixedPoint.js';
import type { Blobs } from './ports.js';

/** What was seen of a vector as it was read. */
export type VectorSeen = Readonly<{
  /** Of the bytes that were added up. */
  digest: Digest;
  bytes: number;
  /** The first `EXCERPT_ELEMENTS` elements. */
  first: readonly number[];
}>;

export type SumFromDisk = Readonly<{ sum: Int32Array; vectors: ReadonlyMap<Msp, VectorSeen> }>;

/** Enough to see with one's own eyes whether it is noise. */
const EXCERPT_ELEMENTS = 6;

/**
 * @param length elements that the round's vectors have
 * @param bring sees to it that a vector is on the disk: asked before it is read, and once more if the disk lost it meanwhile
 * @throws ConsiliumError VECTOR_LENGTH_WRONG, VECTOR_UNKNOWN, and what `bring` throws
 */
export async function sumFromDisk(
  blobs: Pick<Blobs, 'read'>,
  contributions: readonly Contribution[],
  length: number,
  bring: (contribution: Contribution) => Promise<void>,
): Promise<SumFromDisk> {
  const sum = new Int32Array(length);
  const vectors = new Map<Msp, VectorSeen>();
  // A disk may lie to its end: what of a vector was added then cannot be told, so all is added up anew.
  for (let lost = 0; vectors.size < contributions.length; ) {
    const contribution = contributions[vectors.size] as Contribution;
    await bring(contribution);
    const seen = await addVector(blobs, contribution, sum);
    if (seen) {
      vectors.set(contribution.msp, seen);
      continue;
    }
    lost += 1;
    if (lost > contributions.length) throw refusal('VECTOR_UNKNOWN', { digest: contribution.vectorDigest });
    sum.fill(0);
    vectors.clear();
  }
  return { sum, vectors };
}

/** @returns undefined where its bytes are not on the disk, or not whole */
async function addVector(
  blobs: Pick<Blobs, 'read'>,
  { vectorDigest, round }: Contribution,
  sum: Int32Array,
): Promise<VectorSeen | undefined> {
  const bytesWanted = 4 * sum.length;
  let first: readonly number[] = [];
  const read = await blobs.read(vectorDigest, (piece, at) => {
    if (at === 0) first = firstOf(piece);
    if (at + piece.length <= bytesWanted && piece.length % 4 === 0) addElements(sum, piece, at / 4);
  });
  if (!read) return undefined;
  if (read.bytes !== bytesWanted)
    throw refusal('VECTOR_LENGTH_WRONG', { round, expected: sum.length, found: read.bytes / 4 });
  return { ...read, first };
}

function firstOf(piece: Uint8Array): number[] {
  const view = new DataView(piece.buffer, piece.byteOffset, piece.byteLength);
  const count = Math.min(EXCERPT_ELEMENTS, Math.floor(piece.byteLength / 4));
  return Array.from({ length: count }, (_, k) => view.getInt32(4 * k, true));
}
