/** What may happen to a transaction between its sender and the orderer. */
import type { Random } from './random.js';

/**
 * `lost`: never ordered. `late`: ordered after the sender has given up, or just before. `unconfirmed`: the orderers do not
 * confirm it, and it commits all the same. `twice`: sent again by its sender, which commits once.
 */
export type TransactionFault = 'lost' | 'late' | 'unconfirmed' | 'twice';

export class TransactionFaults {
  readonly #random: Random;
  readonly #windows: { from: number; until: number; rate: number }[] = [];

  constructor(random: Random) {
    this.#random = random;
  }

  add(from: number, until: number, rate: number): void {
    this.#windows.push({ from, until, rate });
  }

  draw(now: number): TransactionFault | undefined {
    const rate = Math.max(0, ...this.#windows.filter((w) => w.from <= now && now < w.until).map((w) => w.rate));
    if (rate === 0 || !this.#random.chance(rate)) return undefined;
    return this.#random.pick(['lost', 'late', 'unconfirmed', 'twice']);
  }
}
