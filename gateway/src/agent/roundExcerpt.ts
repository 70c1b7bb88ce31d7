/** What anybody sees who reads what hospitals exchange in a round, beside the sum that is opened: a few numbers of each. */
import type { RoundExcerpt } from './ports.js';
import type { Materials } from './recomputeRound.js';

/**
 * @returns the first elements, int32, of each vector as it travelled (masked in private mode), and of their sum; null for
 *   a sum that does not open
 */
export function excerptOf({ vectors, opened }: Materials): RoundExcerpt {
  const excerpts = new Map([...vectors].map(([msp, { first }]) => [msp, first] as const));
  const length = excerpts.values().next().value?.length ?? 0;
  return { vectors: excerpts, sum: 'sum' in opened ? [...opened.sum.subarray(0, length)] : null };
}
