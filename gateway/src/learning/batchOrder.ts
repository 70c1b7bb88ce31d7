/** Which rows each step trains on: drawn from the study's seed and the round alone, so that a round can be repeated. */
import { Keystream } from '../privacy/keystream.js';

/**
 * Rows without replacement, epoch after epoch: each epoch is a shuffle (Fisher and Yates) under the keystream of
 * "consilium-batches", the seed and the round. A batch that the end of an epoch cuts goes on with the next one.
 */
export class BatchOrder {
  readonly #stream: Keystream;
  readonly #order: Int32Array;
  readonly #batch: Int32Array;
  #at: number;

  /** @param rows the rows' indices, one at least; a batch has min(batchSize, rows) of them */
  constructor(seed: number, round: number | string, rows: ArrayLike<number>, batchSize: number) {
    this.#stream = new Keystream('consilium-batches', seed, round);
    this.#order = Int32Array.from(rows);
    this.#batch = new Int32Array(Math.min(batchSize, rows.length));
    this.#at = rows.length;
  }

  get batchSize(): number {
    return this.#batch.length;
  }

  /** The next batch's row indices. The array is used again by the next call. */
  next(): Int32Array {
    for (let k = 0; k < this.#batch.length; k++) {
      if (this.#at === this.#order.length) this.#shuffle();
      this.#batch[k] = this.#order[this.#at++] as number;
    }
    return this.#batch;
  }

  #shuffle(): void {
    const order = this.#order;
    for (let last = order.length - 1; last > 0; last--) {
      const other = this.#stream.nextBelow(last + 1);
      const row = order[last] as number;
      order[last] = order[other] as number;
      order[other] = row;
    }
    this.#at = 0;
  }
}
