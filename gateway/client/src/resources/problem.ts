/** What every refusal looks like: RFC 9457, `application/problem+json`. */
import { z } from 'zod';

export const Problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  /** From the catalogue of `@consilium/domain`: what a program decides on. */
  code: z.string(),
  detail: z.string(),
  /** The transaction that was refused, or whose fate is not known yet. */
  transactionId: z.string().optional(),
});
export type Problem = z.infer<typeof Problem>;
