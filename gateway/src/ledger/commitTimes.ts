/** How long recent transactions took from proposal to commit, and what became of all of them since the start. */

const COMMITS_REMEMBERED = 16;

export class CommitTimes {
  readonly #recentMs: number[] = [];

  add(ms: number): void {
    this.#recentMs.push(ms);
    if (this.#recentMs.length > COMMITS_REMEMBERED) this.#recentMs.shift();
  }

  /** Mean of the recent ones in milliseconds, 0 before the first. */
  meanMs(): number {
    const sum = this.#recentMs.reduce((total, ms) => total + ms, 0);
    return this.#recentMs.length === 0 ? 0 : sum / this.#recentMs.length;
  }
}

/** Counts since the gateway started, over all of its identities. */
export class TransactionCounts {
  #valid = 0;
  #refused = 0;
  readonly #invalid = new Map<string, number>();

  countValid(): void {
    this.#valid += 1;
  }

  /** A transaction that was ordered and is invalid. */
  countInvalid(validationCode: string): void {
    this.#invalid.set(validationCode, (this.#invalid.get(validationCode) ?? 0) + 1);
  }

  /** The contract refused before anything was sent. */
  countRefused(): void {
    this.#refused += 1;
  }

  totals(): Readonly<{
    valid: number;
    invalid: number;
    invalidByCode: Readonly<Record<string, number>>;
    refused: number;
  }> {
    const invalidByCode = Object.fromEntries(this.#invalid);
    const invalid = [...this.#invalid.values()].reduce((sum, count) => sum + count, 0);
    return { valid: this.#valid, invalid, invalidByCode, refused: this.#refused };
  }
}
