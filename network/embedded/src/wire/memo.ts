/** Remembers the answers of a pure function for the last `entriesMax` questions. */
export class Memo<V> {
  readonly #entries = new Map<string, V>();
  readonly #entriesMax: number;

  constructor(entriesMax: number) {
    this.#entriesMax = entriesMax;
  }

  /** The remembered answer to `question`, or that of `answer`, which is remembered. */
  of(question: string, answer: () => V): V {
    const known = this.#entries.get(question);
    if (known !== undefined) return known;
    const value = answer();
    if (this.#entries.size >= this.#entriesMax) {
      const oldest = this.#entries.keys().next();
      if (!oldest.done) this.#entries.delete(oldest.value);
    }
    this.#entries.set(question, value);
    return value;
  }

  /** Forgets everything: for when what the function depends on has changed. */
  clear(): void {
    this.#entries.clear();
  }
}
