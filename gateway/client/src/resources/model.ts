/** Versions of a study's model: digests and lineage; the file itself comes as safetensors. */
import { ModelVersion } from '@consilium/domain';
import { z } from 'zod';
import { RecordedAt } from './record.js';
import { Dispute } from './round.js';

export const ModelResource = z.object({
  ...ModelVersion.shape,
  /** Members that attest it by now. */
  attestations: z.int().min(0),
  disputes: z.array(Dispute),
  /** Whether the file lies on this gateway's disk. */
  fileHere: z.boolean(),
  record: RecordedAt,
});
export type ModelResource = z.infer<typeof ModelResource>;
