/** The time of a transaction: the client's clock, the same on every endorsing peer. */
import { CLOCK_SKEW_MS_MAX, refusal } from '@consilium/domain';
import type { LedgerContext } from './ledgerContext.js';

/**
 * Milliseconds since 1970. A client could back-date it by as much as Fabric's own window allows, so a peer whose clock is
 * further away than CLOCK_SKEW_MS_MAX does not endorse. That decides endorse or refuse only: what is written is the same.
 * @throws ConsiliumError CLOCK_SKEW
 */
export function transactionTime(context: LedgerContext): number {
  const claimed = context.stub.getDateTimestamp().getTime();
  const own = context.now();
  if (Math.abs(claimed - own) > CLOCK_SKEW_MS_MAX)
    throw refusal('CLOCK_SKEW', {
      claimed: new Date(claimed).toISOString(),
      own: new Date(own).toISOString(),
      skewMsMax: CLOCK_SKEW_MS_MAX,
    });
  return claimed;
}
