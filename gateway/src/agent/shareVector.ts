/** Gives this hospital's vector to a member to hold, and keeps the receipt. */
import { receiptPayload, refusal } from '@consilium/domain';
import { isReceiptSignature } from './receiptSignature.js';
import type { StepOf } from './step.js';
import type { StepContext } from './stepContext.js';
import { whileAllowed } from './whileAllowed.js';

export async function shareVector(step: StepOf<'shareVector'>, context: StepContext): Promise<void> {
  const { ports, identity, view, receipts, reads, timings } = context;
  const { study, round, to, digest } = step;
  const from = ports.clock.monotonic();
  const receipt = await reads.with(digest, async (bytes) => {
    if (!bytes) throw refusal('VECTOR_UNKNOWN', { digest });
    return whileAllowed(context, step, (during) => ports.exchange.push(to, { study, round, digest, bytes }, during));
  });
  const key = view.registered.get(to)?.receiptKey ?? '';
  const payload = receiptPayload(identity.channel, study, round, identity.msp, digest);
  if (receipt.msp !== to || !isReceiptSignature(key, payload, receipt.signature))
    throw refusal('RECEIPT_FALSE', { msp: to });
  receipts.add(study, round, receipt);
  // Pushes that end after the contribution was ready hold nobody up.
  if (!timings.isReady(study, round, 'contributing'))
    timings.span(study, round, 'exchange', from, ports.clock.monotonic());
}
