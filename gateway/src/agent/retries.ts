/** When a step that failed is tried again: later each time, never later than a named maximum. */
import { ConsiliumError } from '@consilium/domain';

/** Overtaken by another transaction: the ledger is read again soon, and mostly nothing is owed any more. */
const CONFLICT_RETRY_MS_MIN = 100;
const CONFLICT_RETRY_MS_MAX = 2_000;
/** Something or somebody does not answer. */
const UNAVAILABLE_RETRY_MS_MIN = 200;
const UNAVAILABLE_RETRY_MS_MAX = 10_000;
/** Sent, and its fate not known: it is given the time to appear. */
const UNKNOWN_RETRY_MS_MIN = 1_000;
const UNKNOWN_RETRY_MS_MAX = 30_000;
/** Wrong here, until somebody corrects it. */
const REFUSED_RETRY_MS_MIN = 1_000;
const REFUSED_RETRY_MS_MAX = 60_000;

type Failure = Readonly<{ count: number; notBefore: number }>;

export class Retries {
  readonly #failures = new Map<string, Failure>();

  /** How often the step has failed in a row. */
  count(key: string): number {
    return this.#failures.get(key)?.count ?? 0;
  }

  /** Milliseconds until the step may be tried again, on the monotonic clock; 0: now. */
  waitMs(key: string, now: number): number {
    return Math.max(0, (this.#failures.get(key)?.notBefore ?? now) - now);
  }

  /** Notes a failure. Returns in how many milliseconds the step may be tried again. */
  failed(key: string, error: unknown, now: number): number {
    const count = this.count(key) + 1;
    const [least, most] = boundsFor(error);
    const delay = Math.min(most, least * 2 ** Math.min(count - 1, 30));
    this.#failures.set(key, { count, notBefore: now + delay });
    return delay;
  }

  succeeded(key: string): void {
    this.#failures.delete(key);
  }

  /** Forgets failures of steps that nobody owes any more. */
  keepOnly(keys: ReadonlySet<string>): void {
    for (const key of this.#failures.keys()) if (!keys.has(key)) this.#failures.delete(key);
  }
}

function boundsFor(error: unknown): [number, number] {
  if (!(error instanceof ConsiliumError)) return [UNAVAILABLE_RETRY_MS_MIN, UNAVAILABLE_RETRY_MS_MAX];
  if (error.code === 'LEDGER_COMMIT_UNKNOWN') return [UNKNOWN_RETRY_MS_MIN, UNKNOWN_RETRY_MS_MAX];
  switch (error.kind) {
    case 'conflict':
      return [CONFLICT_RETRY_MS_MIN, CONFLICT_RETRY_MS_MAX];
    case 'unavailable':
    case 'missing':
      return [UNAVAILABLE_RETRY_MS_MIN, UNAVAILABLE_RETRY_MS_MAX];
    default:
      return [REFUSED_RETRY_MS_MIN, REFUSED_RETRY_MS_MAX];
  }
}
