/** Answers of queries, page by page: records as they stand, in the order of their keys within each range. */
import { keyRange, LedgerPage, refusal } from '@consilium/domain';
import type { LedgerContext } from './ledgerContext.js';

export type KeyRange = ReturnType<typeof keyRange>;

/** The range that holds one key alone. */
export function onlyKey(key: string): KeyRange {
  return { start: key, end: `${key}\u0001` };
}

/**
 * @param ranges disjoint, in the order in which they are told
 * @param cursor the key that the page begins with, as the page before named it
 * @throws ConsiliumError PAGE_CURSOR_INVALID for a cursor outside all ranges
 */
export async function readPage(
  stub: LedgerContext['stub'],
  ranges: readonly KeyRange[],
  { cursor, items: itemsMax }: { cursor?: string | undefined; items: number },
): Promise<LedgerPage> {
  const first = cursor === undefined ? 0 : ranges.findIndex(({ start, end }) => start <= cursor && cursor < end);
  if (first < 0) throw refusal('PAGE_CURSOR_INVALID', {});
  const items: { key: string; value: unknown }[] = [];
  for (const [k, { start, end }] of ranges.slice(first).entries()) {
    for await (const { key, value } of stub.getStateByRange(k === 0 ? (cursor ?? start) : start, end)) {
      if (items.length === itemsMax) return LedgerPage.parse({ items, cursor: key });
      items.push({ key, value: JSON.parse(Buffer.from(value).toString('utf8')) });
    }
  }
  return LedgerPage.parse({ items, cursor: null });
}
