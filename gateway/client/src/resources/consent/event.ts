/** Consent events as the channel has them, and what they can be asked by. */
import { ConsentEvent, ConsentKind, ConsentReason, ConsentRef, Instant, Msp, Role } from '@consilium/domain';
import { z } from 'zod';
import { pageOf } from '../page.js';
import { RecordedAt } from '../record.js';

/** Where on the channel: the block, the transaction, and which of the block's writes it is, from 0. */
export const LedgerPlace = z.object({ ...RecordedAt.shape, position: z.int().min(0) });
export type LedgerPlace = z.infer<typeof LedgerPlace>;

export const ConsentEventResource = z.object({ ...ConsentEvent.shape, record: LedgerPlace });
export type ConsentEventResource = z.infer<typeof ConsentEventResource>;

/** A page that says how many blocks the read model had taken in when it answered. */
export function pageAtHeight<Item extends z.ZodType>(item: Item) {
  return pageOf(item).extend({ height: z.int().min(0) });
}
export type PageAtHeight<Item> = Readonly<{ items: Item[]; total: number; next: string | null; height: number }>;

/**
 * What events are asked for; what is left out does not restrict. `axis`: which of the two times is sorted by, and bounded by
 * `from` (included) and `to` (not included): when the channel recorded it, or the clinical date that it counts from.
 */
export const EventsQuery = z.strictObject({
  /** Another hospital's than the own: auditors only. */
  msp: Msp.optional(),
  kind: z.array(ConsentKind).min(1).optional(),
  reason: z.array(ConsentReason).min(1).optional(),
  role: z.array(Role).min(1).optional(),
  /** The ledger's name of who signed. */
  actor: z.string().min(1).max(500).optional(),
  policyVersion: z.int().min(1).optional(),
  restricts: z.boolean().optional(),
  axis: z.enum(['recorded', 'effective']).default('recorded'),
  order: z.enum(['ascending', 'descending']).default('descending'),
  from: Instant.optional(),
  to: Instant.optional(),
});
export type EventsQuery = z.input<typeof EventsQuery>;

/** A patient's record: by ref, or by the hospital's own patient number, which stands in bodies alone. */
export const RecordName = z.union([
  z.strictObject({ ref: ConsentRef }),
  z.strictObject({ patient: z.string().min(1).max(200) }),
]);
export type RecordName = z.infer<typeof RecordName>;
