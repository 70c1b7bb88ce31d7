/** A process from its start to its end. Whatever it awaits when it is killed never comes: its code stops there. */
import type { Scheduler } from './scheduler.js';

export class Incarnation {
  readonly #scheduler: Scheduler;
  #alive = true;

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** Kill -9. */
  kill(): void {
    this.#alive = false;
  }

  after(ms: number, run: () => void): () => void {
    return this.#scheduler.after(ms, () => {
      if (this.#alive) run();
    });
  }

  /** Resolves after so many milliseconds, or never. */
  delay(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(ms, resolve);
    });
  }

  /** A promise that others settle, seen by this process only while it lives. */
  guard<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      promise.then(
        (value) => this.#alive && resolve(value),
        (error: unknown) => this.#alive && reject(error),
      );
    });
  }
}
