import { setTimeout as pause } from 'node:timers/promises';

const POLL_MS = 100;
/** Ample: a busy machine is slow, not broken. What does not come at all costs this much once. */
export const WAIT_MS_MAX = 120_000;

/**
 * Asks until there is an answer.
 * @throws Error that says what was waited for, with the last error on the way
 */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined | false> | T | undefined | false,
  msMax = WAIT_MS_MAX,
): Promise<T> {
  const until = Date.now() + msMax;
  let last: unknown;
  while (Date.now() < until) {
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer;
    } catch (error) {
      last = error;
    }
    await pause(POLL_MS);
  }
  throw new Error(`${what} did not come within ${msMax} ms`, { cause: last });
}
