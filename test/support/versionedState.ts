/** A channel's state with every version that a key ever had, so that a peer that lags is only a lower height. */

/** Where a value was written: the block, and the transaction's place in it. */
export type Version = Readonly<{ block: number; transaction: number }>;

export type Entry = Readonly<{ key: string; value: string; version: Version }>;

export function isSameVersion(a: Version | null, b: Version | null): boolean {
  return a === null || b === null ? a === b : a.block === b.block && a.transaction === b.transaction;
}

/**
 * The state at height h holds what blocks 0 to h-1 wrote. Keys are ASCII, so that the order of JavaScript's strings is the
 * order of bytes.
 */
export class VersionedState {
  readonly #entries = new Map<string, Entry[]>();
  readonly #keys: string[] = [];

  /** The newest entry under a key that a peer of this height knows. */
  read(key: string, height: number): Entry | undefined {
    return this.#entries.get(key)?.findLast(({ version }) => version.block < height);
  }

  /** Entries with keys in `[start, end)`, in order. */
  range(start: string, end: string, height: number): Entry[] {
    const found: Entry[] = [];
    for (let at = this.#position(start); at < this.#keys.length; at++) {
      const key = this.#keys[at] as string;
      if (key >= end) break;
      const entry = this.read(key, height);
      if (entry) found.push(entry);
    }
    return found;
  }

  write(key: string, value: string, version: Version): void {
    const entry = { key, value, version };
    const entries = this.#entries.get(key);
    if (entries) entries.push(entry);
    else {
      this.#entries.set(key, [entry]);
      this.#keys.splice(this.#position(key), 0, key);
    }
  }

  /** Of the first key that is not below `key`. */
  #position(key: string): number {
    let [low, high] = [0, this.#keys.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#keys[middle] as string) < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
