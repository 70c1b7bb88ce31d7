/** Where on the channel a record was written, so that anybody can look it up there. */
import { z } from 'zod';

export const RecordedAt = z.object({
  /** The transaction that wrote it last, 64 hexadecimal digits. */
  transactionId: z.string(),
  block: z.int().min(0),
});
export type RecordedAt = z.infer<typeof RecordedAt>;
