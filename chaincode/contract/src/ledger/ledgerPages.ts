/** Answers of queries, page by page: records as they stand, in the order of their keys within each range. */
import { keyRange, LedgerPage, refusal } from '@consilium/domain';
import type { LedgerContext } from './ledgerContext.js';

export type KeyRange = ReturnType<typeof keyRange>;

/** The range that holds one key alone. */
export function onlyKey(key: string): KeyRange {
  return { start: key, end: `${key}\u0001` };
}

/**
 * Each range is read by pages of Fabric's own, never beyond what is answered: so an endorsed answer's read set names the
 * version of every record in it, which is how evidence finds the transaction that wrote it.
 *
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
    const from = k === 0 ? (cursor ?? start) : start;
    if (items.length === itemsMax) {
      const next = await firstKey(stub, from, end);
      if (next !== undefined) return LedgerPage.parse({ items, cursor: next });
      continue;
    }
    const { iterator, metadata } = await stub.getStateByRangeWithPagination(from, end, itemsMax - items.length);
    for (let each = await iterator.next(); !each.done; each = await iterator.next())
      items.push({ key: each.value.key, value: JSON.parse(Buffer.from(each.value.value).toString('utf8')) });
    await iterator.close();
    // Fabric tells nothing beside an empty range: the library then gives no metadata, whatever its types say.
    const bookmark = (metadata as Partial<typeof metadata> | undefined)?.bookmark ?? '';
    if (bookmark !== '') return LedgerPage.parse({ items, cursor: bookmark });
  }
  return LedgerPage.parse({ items, cursor: null });
}

async function firstKey(stub: LedgerContext['stub'], start: string, end: string): Promise<string | undefined> {
  const { iterator } = await stub.getStateByRangeWithPagination(start, end, 1);
  const first = await iterator.next();
  await iterator.close();
  return first.done ? undefined : first.value.key;
}
