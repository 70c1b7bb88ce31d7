import { refusal } from '@consilium/domain';
import { reasonOf } from '../../peerAccess.js';
import { pause } from '../../supervise/readiness.js';

/** Nodes that were just started learn of each other by and by; a step that takes longer than this is given up. */
export const STEP_MS_MAX = 60_000;

const RETRY_MS = 100;

/**
 * Tries until it succeeds: `attempt` finds out what is done already, and does what is missing.
 *
 * @param step in words: `joining the orderer of ClevelandMSP`.
 * @param attempt answers undefined when it has done something whose outcome the next attempt is to look at.
 * @throws CHANNEL_FAILED with the last reason, once the time is over; the signal's reason, when it is aborted.
 */
export async function untilDone<T>(
  step: string,
  signal: AbortSignal,
  attempt: () => Promise<T | undefined>,
  msMax: number = STEP_MS_MAX,
): Promise<T> {
  const deadline = performance.now() + msMax;
  let failure: unknown = new Error('it was not done in time');
  do {
    try {
      const outcome = await attempt();
      if (outcome !== undefined) return outcome;
    } catch (error) {
      failure = error;
    }
    await pause(RETRY_MS, signal);
  } while (performance.now() < deadline);
  throw refusal('CHANNEL_FAILED', { step, reason: reasonOf(failure) }, { cause: failure });
}
