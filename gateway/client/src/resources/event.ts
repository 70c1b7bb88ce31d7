/** What `/events` tells as it happens. */
import { RoundNumber, StudyId } from '@consilium/domain';
import { z } from 'zod';

/** A block changed the read model: the keys that it wrote. */
export const LedgerChange = z.object({
  type: z.literal('ledger'),
  id: z.string(),
  block: z.int().min(0),
  writes: z.array(z.object({ key: z.string(), transactionId: z.string() })),
});
export type LedgerChange = z.infer<typeof LedgerChange>;

/** This hospital's agent began or ended a step, or saw a phase over. `at`: monotonic milliseconds of its host. */
export const AgentEvent = z.object({
  type: z.literal('agent'),
  id: z.string(),
  study: StudyId,
  round: RoundNumber,
  event: z.enum(['step-started', 'step-finished', 'step-failed', 'phase-seen-over', 'job-progress']),
  step: z.string(),
  at: z.number(),
  detail: z.record(z.string(), z.unknown()).optional(),
});
export type AgentEvent = z.infer<typeof AgentEvent>;

/** What happened since the last event seen is no longer kept: read again what matters. */
export const ResetEvent = z.object({ type: z.literal('reset'), id: z.string() });
export type ResetEvent = z.infer<typeof ResetEvent>;

export const GatewayEvent = z.discriminatedUnion('type', [LedgerChange, AgentEvent, ResetEvent]);
export type GatewayEvent = z.infer<typeof GatewayEvent>;
