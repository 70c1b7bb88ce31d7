/** A gateway's mirror of the state: what its own peer has committed, a little later. It outlives the gateway's process. */
import type { LedgerEvent } from '@consilium/domain';
import type { ChannelState } from '../../gateway/src/agent/ports.js';
import type { Block } from './channelNetwork.js';

export class Mirror implements ChannelState {
  readonly #values = new Map<string, unknown>();
  readonly #places = new Map<string, { block: number; transactionId: string }>();
  readonly #keys: string[] = [];
  #listeners = new Set<() => void>();
  #height = 0;

  height(): number {
    return this.#height;
  }

  get(key: string): unknown {
    return this.#values.get(key);
  }

  range(start: string, end: string): { key: string; value: unknown }[] {
    const found: { key: string; value: unknown }[] = [];
    for (let at = this.#position(start); at < this.#keys.length; at += 1) {
      const key = this.#keys[at] as string;
      if (key >= end) break;
      found.push({ key, value: this.#values.get(key) });
    }
    return found;
  }

  recordOf(key: string): { block: number; transactionId: string } | undefined {
    return this.#places.get(key);
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Whoever listened is gone. */
  forgetListeners(): void {
    this.#listeners = new Set();
  }

  take({ number, writes, transactions }: Block): void {
    for (const { txId, code, event } of transactions)
      if (code === 'VALID' && event)
        for (const { key } of (JSON.parse(event.payload) as LedgerEvent).writes)
          this.#places.set(key, { block: number, transactionId: txId });
    for (const { key, value } of writes) {
      if (!this.#values.has(key)) this.#keys.splice(this.#position(key), 0, key);
      this.#values.set(key, value);
    }
    this.#height += 1;
    if (writes.length > 0) for (const listener of [...this.#listeners]) listener();
  }

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
