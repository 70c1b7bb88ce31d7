/** Entries of a Bundle that were refused, each with why. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ConsiliumError } from '@consilium/domain';
import { FhirInvalid, type FhirIssue } from './fhirIssue.js';

export type EntryRefused = Readonly<{ entry: number; issues: readonly FhirIssue[] }>;

/** Attempts before the gateway's other work has its turn: some 20 ms. */
const ATTEMPTS_PER_TURN = 32;

export class EntryRefusals {
  readonly #refused: EntryRefused[] = [];
  #attempts = 0;

  /**
   * Does something about an entry, and notes a refusal under its number. What is down, or full, ends the import: it is not the
   * entry's fault.
   */
  async attempt(entry: number, work: () => unknown): Promise<void> {
    this.#attempts += 1;
    // Awaiting what is there already lets nobody else in.
    if (this.#attempts % ATTEMPTS_PER_TURN === 0) await nextTurn();
    try {
      await work();
    } catch (error) {
      if (!isRefusal(error)) throw error;
      const issues =
        error instanceof FhirInvalid
          ? error.issues
          : [{ code: 'business-rule' as const, expression: '', text: error.message }];
      this.#refused.push({ entry, issues });
    }
  }

  /** By entry. */
  list(): EntryRefused[] {
    return [...this.#refused].sort((a, b) => a.entry - b.entry);
  }
}

/** Whether an error is about what was sent. */
export function isRefusal(error: unknown): error is ConsiliumError {
  return error instanceof ConsiliumError && error.kind !== 'unavailable' && error.kind !== 'limit';
}
