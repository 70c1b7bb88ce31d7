/** Answers of queries, page by page: records as they stand, in the order of their keys within each range. */
import { keyRange, LedgerPage, refusal } from '@consilium/domain';
import type { LedgerContext } from './ledgerContext.js';

export type KeyRange = ReturnType<typeof keyRange>;

/** The range that holds one key alone. */
export function onlyKey(key: string): KeyRange {
  return { start: key, end: `${key}\u0001` };
}

/** Fabric tells the reads of one range one by one up to this many (`maxDegreeQueryReadsHashing`); of more it tells a hash. */
const RANGE_READS_TOLD_MAX = 50;

/**
 * Each range is read by pages of Fabric's own, never beyond what is answered, and few enough at a time: so an endorsed
 * answer's read set names the version of every record in it, which is how evidence finds the transaction that wrote it.
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
  const items: Entry[] = [];
  for (const [k, { start, end }] of ranges.slice(first).entries()) {
    let from = k === 0 ? (cursor ?? start) : start;
    do {
      const room = itemsMax - items.length;
      const { found, bookmark } = await entries(stub, from, end, Math.min(Math.max(room, 1), RANGE_READS_TOLD_MAX));
      if (room === 0 && found[0]) return LedgerPage.parse({ items, cursor: found[0].key });
      items.push(...found);
      if (items.length === itemsMax && bookmark !== '') return LedgerPage.parse({ items, cursor: bookmark });
      from = bookmark;
    } while (from !== '');
  }
  return LedgerPage.parse({ items, cursor: null });
}

type Entry = Readonly<{ key: string; value: unknown }>;

/** Read to its end, a page is closed by the peer itself: to close it would ask the peer once more. */
async function entries(stub: LedgerContext['stub'], start: string, end: string, count: number) {
  const { iterator, metadata } = await stub.getStateByRangeWithPagination(start, end, count);
  const found: Entry[] = [];
  for (let each = await iterator.next(); !each.done; each = await iterator.next())
    found.push({ key: each.value.key, value: JSON.parse(Buffer.from(each.value.value).toString('utf8')) });
  // Fabric tells nothing beside an empty range: the library then gives no metadata, whatever its types say.
  return { found, bookmark: (metadata as Partial<typeof metadata> | undefined)?.bookmark ?? '' };
}
