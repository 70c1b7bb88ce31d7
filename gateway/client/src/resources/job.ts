/** Work that outlasts a request. */
import { Instant } from '@consilium/domain';
import { z } from 'zod';
import { Problem } from './problem.js';

export const JobState = z.enum(['running', 'succeeded', 'failed', 'cancelled']);
export type JobState = z.infer<typeof JobState>;

export const JobResource = z.object({
  id: z.string(),
  kind: z.enum(['baseline', 'verification', 'consent-import']),
  state: JobState,
  /** 0 to 1. */
  progress: z.number().min(0).max(1),
  startedBy: z.string(),
  startedAt: Instant,
  finishedAt: Instant.nullable(),
  /** `BaselineResult`, `VerificationReport` or `ImportResult`, once succeeded. */
  result: z.unknown(),
  /** Once failed. */
  problem: Problem.nullable(),
});
export type JobResource = z.infer<typeof JobResource>;
