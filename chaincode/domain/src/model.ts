/** A version of a study's model, as the ledger knows it: by digest, never by its weights. */
import { z } from 'zod';
import { RoundResult } from './evaluation.js';
import { Digest, Msp, RoundNumber, StudyId } from './ids.js';

export const VersionRef = z.strictObject({ version: RoundNumber, digest: Digest });
export type VersionRef = z.infer<typeof VersionRef>;

/** `candidate` until the next round's evaluation judges it; `void`: trained on a version that was rejected. */
export const VersionStatus = z.enum(['candidate', 'accepted', 'rejected', 'void']);
export type VersionStatus = z.infer<typeof VersionStatus>;

export const ModelVersion = z.strictObject({
  study: StudyId,
  version: RoundNumber,
  digest: Digest,
  kind: z.enum(['initial', 'statistics', 'training', 'evaluation']),
  /** The version it was made from; null for the first. */
  parent: VersionRef.nullable(),
  survivors: z.array(Msp),
  /** Members that attested it when it was recorded. */
  attestedBy: z.array(Msp),
  sumDigest: Digest.nullable(),
  result: RoundResult,
  status: VersionStatus,
});
export type ModelVersion = z.infer<typeof ModelVersion>;
