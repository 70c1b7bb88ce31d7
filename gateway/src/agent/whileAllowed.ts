/** Work on a cohort's rows, or on what was made of them: begun, and gone on with, only while every patient may be used. */
import { refusal } from '@consilium/domain';
import type { Step } from './step.js';
import { roundOf, type StepContext } from './stepContext.js';

/** A timer asked for longer than it can count fires at once: a validity that ends later is looked at again then. */
const TIMER_MS_MAX = 86_400_000;

/**
 * Runs the work with a signal that fires in the same turn in which something became less, and when a validity ends. Nothing
 * comes between the look before and the work's first synchronous part. A study that does not ask for consent is not
 * concerned.
 *
 * @throws ConsiliumError CONSENT_WITHDRAWN; what the work throws
 */
export async function whileAllowed<T>(
  context: StepContext,
  step: Pick<Step, 'study' | 'round'>,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { ports, signal } = context;
  const { consent, clock, timers } = ports;
  const { study, round } = step;
  if (!roundOf(context, step).protocol.consent) return work(signal);
  const withdrawn = new AbortController();
  let cancel = (): void => undefined;
  const look = () => {
    cancel();
    if (!consent.isStillAllowed(study, round)) return withdrawn.abort(refusal('CONSENT_WITHDRAWN', { study, round }));
    const until = consent.allowedUntil(study, round);
    if (until !== undefined) cancel = timers.after(Math.min(TIMER_MS_MAX, Math.max(1, until - clock.now())), look);
  };
  const stopListening = consent.onRestriction(look);
  try {
    look();
    withdrawn.signal.throwIfAborted();
    return await work(AbortSignal.any([signal, withdrawn.signal]));
  } finally {
    stopListening();
    cancel();
  }
}
