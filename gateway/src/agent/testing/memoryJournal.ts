/** A journal in memory. */
import type { Journal } from '../ports.js';

export class MemoryJournal implements Journal {
  readonly #entries = new Map<string, string>();

  get(study: string, round: number, name: string): string | undefined {
    return this.#entries.get(`${study} ${round} ${name}`);
  }

  set(study: string, round: number, name: string, value: string): void {
    this.#entries.set(`${study} ${round} ${name}`, value);
  }
}
