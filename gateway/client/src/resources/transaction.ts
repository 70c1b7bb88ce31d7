/** A transaction and its fate, and what a request that needs a commit answers. */
import { z } from 'zod';

/** `unknown`: this gateway's peer has not seen it; it may still come. */
export const TransactionState = z.enum(['pending', 'valid', 'invalid', 'unknown']);
export type TransactionState = z.infer<typeof TransactionState>;

export const TransactionResource = z.object({
  transactionId: z.string().regex(/^[0-9a-f]{64}$/),
  state: TransactionState,
  /** Fabric's name of the validation code, where the transaction is in a block. */
  validationCode: z.string().nullable(),
  block: z.int().min(0).nullable(),
});
export type TransactionResource = z.infer<typeof TransactionResource>;

export type Submission<Item> = TransactionResource & { record: Item | null };

/** `record` is null while the transaction is pending: ask for it under `Location`. */
export function submissionOf<Item>(record: z.ZodType<Item>): z.ZodType<Submission<Item>> {
  return z.intersection(TransactionResource, z.object({ record: record.nullable() }));
}
