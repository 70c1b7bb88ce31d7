/** What anybody sees who reads what hospitals exchange in a round, beside the sum that is opened: a few numbers of each. */
import type { Msp } from '@consilium/domain';
import type { RoundExcerpt } from './ports.js';
import type { Materials } from './recomputeRound.js';

/** Enough to see with one's own eyes whether it is noise. */
const EXCERPT_ELEMENTS = 6;

/**
 * @returns the first elements, int32, of each vector as it travelled (masked in private mode), and of their sum; null for
 *   a sum that does not open
 */
export function excerptOf({ vectors, opened }: Materials): RoundExcerpt {
  const excerpts = new Map([...vectors].map(([msp, bytes]) => [msp, firstOf(bytes)] as const));
  if (opened) return { vectors: excerpts, sum: 'sum' in opened ? [...opened.sum.subarray(0, EXCERPT_ELEMENTS)] : null };
  return { vectors: excerpts, sum: plainSum(excerpts) };
}

function plainSum(excerpts: ReadonlyMap<Msp, readonly number[]>): number[] {
  const sum = new Int32Array(excerpts.values().next().value?.length ?? 0);
  for (const excerpt of excerpts.values())
    for (const [k, value] of excerpt.entries()) sum[k] = (sum[k] as number) + value;
  return [...sum];
}

function firstOf(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = Math.min(EXCERPT_ELEMENTS, Math.floor(bytes.byteLength / 4));
  return Array.from({ length: count }, (_, k) => view.getInt32(4 * k, true));
}
