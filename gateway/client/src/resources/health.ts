/** Whether a gateway is up, and what its channel has taken in. */
import { Digest, Msp, StudyId } from '@consilium/domain';
import { z } from 'zod';

/** Given to anyone who asks: nothing in it tells of patients or of people. */
export const HealthResource = z.object({
  /** `degraded`: the gateway runs, its peer does not answer. */
  status: z.enum(['up', 'degraded']),
  msp: Msp,
  name: z.string(),
  /** Blocks that the read model has taken in. */
  height: z.int().min(0),
  peerReachable: z.boolean(),
  /** What trains here; null until the first training. */
  engine: z.object({ name: z.string(), version: z.string() }).nullable(),
  studiesRunning: z.array(StudyId),
});
export type HealthResource = z.infer<typeof HealthResource>;

/** What this gateway sees of the channel. */
export const ChannelResource = z.object({
  channel: z.string(),
  chaincode: z.string(),
  chaincodeDigest: Digest,
  height: z.int().min(0),
  /** Transactions that this gateway sent since it started. */
  transactions: z.object({
    valid: z.int().min(0),
    /** Committed, and invalid for another reason than being sent twice; by Fabric's name of the validation code. */
    invalid: z.int().min(0),
    invalidByCode: z.record(z.string(), z.int()),
    /** Refused by the contract before they were sent. */
    refused: z.int().min(0),
  }),
  /** Mean of recent commit times, in milliseconds. */
  recentCommitMs: z.number().min(0),
});
export type ChannelResource = z.infer<typeof ChannelResource>;
