/** Tells whoever asked, in the same turn, that something became less. */
import type { ConsentRef } from '@consilium/domain';
import type { Log } from '../agent/ports.js';

/** Records that changed; undefined: it may be any of them. */
export type Restricted = readonly ConsentRef[] | undefined;

export class Restrictions {
  readonly #log: Log;
  readonly #listeners = new Set<(restricted: Restricted) => void>();
  #count = 0;

  constructor(log: Log) {
    this.#log = log;
  }

  /** How often something became less since the store was opened. */
  get count(): number {
    return this.#count;
  }

  on(listener: (restricted: Restricted) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** A listener that fails keeps nobody else from hearing of it. */
  tell(restricted: Restricted): void {
    this.#count += 1;
    for (const listener of [...this.#listeners]) {
      try {
        listener(restricted);
      } catch (error) {
        this.#log.error({ error }, 'a listener of consents failed');
      }
    }
  }
}
