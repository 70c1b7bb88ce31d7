/** Reads consents ahead into memory, in the background: at the start, and whenever nothing waits for the channel any more. */
import type { Log } from '../agent/ports.js';
import { codeOf } from './sendFailure.js';
import type { Standings } from './standings.js';

export class WarmUp {
  readonly #standings: Standings;
  readonly #log: Log;
  #stopping = new AbortController();
  #work: Promise<void> | undefined;
  #again = false;
  #started = false;

  constructor(standings: Standings, log: Log) {
    this.#standings = standings;
    this.#log = log;
  }

  start(): void {
    this.#started = true;
    this.#stopping = new AbortController();
    this.poke();
  }

  async stop(): Promise<void> {
    this.abandon();
    await this.#work;
  }

  /** Ends it without waiting: the store is closed. */
  abandon(): void {
    this.#started = false;
    this.#stopping.abort();
  }

  poke(): void {
    if (!this.#started) return;
    this.#again = this.#work !== undefined;
    this.#work ??= this.#warm().finally(() => {
      this.#work = undefined;
      if (this.#again) this.poke();
    });
  }

  async #warm(): Promise<void> {
    try {
      await this.#standings.warm(this.#stopping.signal);
    } catch (error) {
      if (!this.#stopping.signal.aborted) this.#log.warn({ code: codeOf(error) }, 'consents could not be read ahead');
    }
  }
}
