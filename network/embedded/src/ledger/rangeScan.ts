import type { KeyRange, StateEntry } from './keyRange.js';
import { RangeReads } from './rangeReads.js';
import type { RangeRead } from './readWriteSet.js';

/** Keys fetched at once: the database is never left in the middle of a cursor. */
const PAGE_KEYS = 100;

/** Reads a range of keys in order. */
export type RangeReader = (range: KeyRange) => StateEntry[];

/** Walks over a range and notes what was seen, so that a phantom can be found when the block is validated. */
export class RangeScan {
  readonly #read: RangeReader;
  readonly #start: string;
  readonly #end: string;
  readonly #limit: number;
  readonly #seen = new RangeReads();
  #buffered: StateEntry[] = [];
  #from: string;
  #isAfter = false;
  #isFetched = false;
  #count = 0;
  #lastKey: string | undefined;
  #isExhausted = false;

  /** `limit`: entries that the scan yields at most. */
  constructor(read: RangeReader, { start, end, limit }: { start: string; end: string; limit?: number }) {
    this.#read = read;
    this.#start = start;
    this.#end = end;
    this.#limit = limit ?? Number.POSITIVE_INFINITY;
    this.#from = start;
  }

  /** The next entry; undefined at the end of the range or at the limit. */
  next(): StateEntry | undefined {
    if (this.#count >= this.#limit) return undefined;
    const entry = this.#take();
    if (!entry) {
      this.#isExhausted = true;
      return undefined;
    }
    this.#count += 1;
    this.#lastKey = entry.key;
    this.#seen.add({ key: entry.key, version: entry.version });
    return entry;
  }

  /** The key after the last one that was yielded, '' where there is none. */
  bookmark(): string {
    return this.#take()?.key ?? '';
  }

  /** What the reader has seen so far. Until the end was seen, the range reaches to the last key that was yielded. */
  read(): RangeRead {
    return {
      startKey: this.#start,
      endKey: this.#isExhausted ? this.#end : (this.#lastKey ?? ''),
      exhausted: this.#isExhausted,
      ...this.#seen.finish(),
    };
  }

  #take(): StateEntry | undefined {
    if (this.#buffered.length === 0 && !this.#isFetched) {
      this.#buffered = this.#read({ start: this.#from, after: this.#isAfter, end: this.#end, count: PAGE_KEYS });
      this.#isFetched = this.#buffered.length < PAGE_KEYS;
      this.#from = this.#buffered.at(-1)?.key ?? this.#from;
      this.#isAfter = true;
    }
    return this.#buffered.shift();
  }
}
