/** Numbers drawn from a seed: the same seed gives the same run. */

/** xoshiro128** (Blackman and Vigna), its state filled by splitmix32. */
export class Random {
  readonly #state: [number, number, number, number];

  constructor(seed: number) {
    let mixed = seed | 0;
    const fill = () => {
      mixed = (mixed + 0x9e3779b9) | 0;
      let z = mixed;
      z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
      z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
      return (z ^ (z >>> 15)) >>> 0;
    };
    this.#state = [fill(), fill(), fill(), fill()];
  }

  /** A fraction in [0, 1). */
  next(): number {
    const s = this.#state;
    const result = Math.imul(rotated(Math.imul(s[1], 5), 7), 9) >>> 0;
    const t = s[1] << 9;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotated(s[3], 11);
    return result / 2 ** 32;
  }

  /** A whole number in [from, to]. */
  between(from: number, to: number): number {
    return from + Math.floor(this.next() * (to - from + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new RangeError('nothing to pick from');
    return items[this.between(0, items.length - 1)] as T;
  }

  /** The same items in another order. */
  shuffled<T>(items: readonly T[]): T[] {
    const order = [...items];
    for (let k = order.length - 1; k > 0; k -= 1) {
      const other = this.between(0, k);
      [order[k], order[other]] = [order[other] as T, order[k] as T];
    }
    return order;
  }
}

function rotated(x: number, by: number): number {
  return (x << by) | (x >>> (32 - by));
}
