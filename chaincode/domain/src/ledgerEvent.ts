/**
 * What a valid transaction of the contract tells its listeners: all that it wrote, so that a read model is a mirror of
 * the state and can be rebuilt from the first block. One event a transaction.
 */
import { z } from 'zod';

export const LEDGER_EVENT = 'consilium.writes';

export const LedgerEvent = z.strictObject({
  writes: z.array(z.strictObject({ key: z.string().min(1), value: z.json() })),
});
export type LedgerEvent = z.infer<typeof LedgerEvent>;
