import type { StateEntry } from './keyRange.js';
import type { Metadata } from './metadata.js';
import type { StateStore, StateValue } from './stateStore.js';
import type { StateUpdates } from './stateUpdates.js';

/** Keys that one read of a range fetches. */
const RANGE_PAGE_KEYS = 200;

/** The state before a block, together with what the block's valid transactions have changed so far. */
export class StateView {
  readonly #state: StateStore;
  readonly #updates: StateUpdates;

  constructor(state: StateStore, updates: StateUpdates) {
    this.#state = state;
    this.#updates = updates;
  }

  /** A key's latest value; undefined where it is absent or deleted. */
  get(namespace: string, key: string): StateValue | undefined {
    const update = this.#updates.publicUpdate(namespace, key);
    if (!update) return this.#state.get(namespace, key);
    const { value, metadata, version } = update;
    return value && { value, metadata, version };
  }

  /** The hash of a private value, by the hex hash of its key. */
  hash(namespace: string, collection: string, keyHash: string): StateValue | undefined {
    const update = this.#updates.hashUpdate(namespace, collection, keyHash);
    if (!update) return this.#state.hash(namespace, collection, keyHash);
    const { value, metadata, version } = update;
    return value && { value, metadata, version };
  }

  /** Metadata of a public key, or of a private key by its hex hash. */
  metadata(namespace: string, collection: string | undefined, key: string): Metadata | undefined {
    return (collection === undefined ? this.get(namespace, key) : this.hash(namespace, collection, key))?.metadata;
  }

  /** Keys from `start` to `end` ('' for no end), in the order of their bytes. */
  *range(namespace: string, start: string, end: string, includeEnd: boolean): Generator<Omit<StateEntry, 'value'>> {
    const changed = this.#changedWithin(namespace, start, end, includeEnd);
    let next = changed.shift();
    for (const entry of this.#stored(namespace, start, end, includeEnd)) {
      while (next && Buffer.compare(next.bytes, Buffer.from(entry.key)) < 0) {
        if (next.entry) yield next.entry;
        next = changed.shift();
      }
      if (next && next.key === entry.key) continue;
      yield entry;
    }
    for (; next; next = changed.shift()) if (next.entry) yield next.entry;
  }

  *#stored(namespace: string, start: string, end: string, includeEnd: boolean): Generator<StateEntry> {
    let from = start;
    let after = false;
    for (;;) {
      const page = this.#state.range(namespace, { start: from, after, end, count: RANGE_PAGE_KEYS });
      yield* page;
      const last = page.at(-1);
      if (!last || page.length < RANGE_PAGE_KEYS) break;
      from = last.key;
      after = true;
    }
    const value = includeEnd ? this.#state.get(namespace, end) : undefined;
    if (value) yield { key: end, value: value.value, version: value.version };
  }

  #changedWithin(namespace: string, start: string, end: string, includeEnd: boolean) {
    const from = Buffer.from(start);
    const to = Buffer.from(end);
    return [...(this.#updates.publicUpdates.get(namespace) ?? [])]
      .map(([key, { value, version }]) => ({
        key,
        bytes: Buffer.from(key),
        entry: value && { key, version },
      }))
      .filter(({ bytes }) => {
        if (Buffer.compare(bytes, from) < 0) return false;
        const order = Buffer.compare(bytes, to);
        return (end === '' && !includeEnd) || order < 0 || (includeEnd && order === 0);
      })
      .sort((a, b) => Buffer.compare(a.bytes, b.bytes));
  }
}
