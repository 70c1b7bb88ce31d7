/** Consent policies of hospitals, and how each differs from the one before. */
import {
  ConsentPolicy,
  ConsentPolicyText,
  DataPermit,
  Instant,
  LegalGround,
  LegalHold,
  StudyId,
} from '@consilium/domain';
import { z } from 'zod';
import { RecordedAt } from '../record.js';

/** One field that changed. `before` is null where there was nothing before. */
export const FieldChange = z.object({ field: z.string(), before: z.json(), after: z.json() });
export type FieldChange = z.infer<typeof FieldChange>;

export const PolicyResource = z.object({
  ...ConsentPolicy.shape,
  /** Against the version before; of the first version, none. */
  changes: z.array(FieldChange),
  record: RecordedAt,
});
export type PolicyResource = z.infer<typeof PolicyResource>;

export const PolicyBody = ConsentPolicyText;
export type PolicyBody = z.input<typeof PolicyBody>;

export const PermitBody = z.strictObject({ study: StudyId, permitId: DataPermit.shape.permitId, approvedAt: Instant });
export type PermitBody = z.input<typeof PermitBody>;
export const PermitResource = z.object({ ...DataPermit.shape, record: RecordedAt });
export type PermitResource = z.infer<typeof PermitResource>;

/** `stands: false` lifts the hold. */
export const HoldBody = z.strictObject({
  stands: z.boolean().default(true),
  ground: LegalGround,
  until: Instant.nullable().default(null),
  reason: LegalHold.shape.reason,
});
export type HoldBody = z.input<typeof HoldBody>;
export const HoldResource = z.object({ ...LegalHold.shape, record: RecordedAt });
export type HoldResource = z.infer<typeof HoldResource>;
