/** Merges sources that are each in order, reading no more of them than what is asked for needs. */

/** Gives what follows an entry of the source, or its beginning: at most so many, in order. */
export type OrderedSource<Entry> = (after: Entry | undefined, items: number) => Entry[];

type Reading<Entry> = { source: OrderedSource<Entry>; entries: Entry[]; position: number; isOver: boolean };

/** Fewer entries than this are not worth a question. */
const CHUNK_MIN = 4;

/**
 * The first `items` entries of all sources together.
 * @param compare negative where the first comes before the second; no two entries are equal
 */
export function mergeOrdered<Entry>(
  sources: readonly OrderedSource<Entry>[],
  items: number,
  compare: (a: Entry, b: Entry) => number,
): Entry[] {
  const chunk = Math.max(CHUNK_MIN, Math.ceil((2 * items) / Math.max(1, sources.length)));
  const readings = sources
    .map((source): Reading<Entry> => {
      const entries = source(undefined, chunk);
      return { source, entries, position: 0, isOver: entries.length < chunk };
    })
    .filter(({ entries }) => entries.length > 0);
  const head = ({ entries, position }: Reading<Entry>) => entries[position] as Entry;
  readings.sort((a, b) => compare(head(a), head(b)));
  const merged: Entry[] = [];
  while (merged.length < items) {
    const first = readings.shift();
    if (!first) break;
    merged.push(head(first));
    first.position += 1;
    if (first.position === first.entries.length) {
      if (first.isOver) continue;
      first.entries = first.source(first.entries.at(-1), chunk);
      first.position = 0;
      first.isOver = first.entries.length < chunk;
      if (first.entries.length === 0) continue;
    }
    readings.splice(
      placeIn(readings, head(first), (reading, entry) => compare(head(reading), entry)),
      0,
      first,
    );
  }
  return merged;
}

/** The index of the first that comes after the entry. */
function placeIn<Item, Entry>(sorted: readonly Item[], entry: Entry, compare: (item: Item, entry: Entry) => number) {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compare(sorted[middle] as Item, entry) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
