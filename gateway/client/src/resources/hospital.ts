/** A hospital as the channel knows it, and how the own one registers. */
import { Hospital, HospitalRegistration } from '@consilium/domain';
import { z } from 'zod';
import { RecordedAt } from './record.js';

export const HospitalResource = z.object({
  ...Hospital.shape,
  /** Whether it is the hospital of the gateway that answers. */
  own: z.boolean(),
  record: RecordedAt,
});
export type HospitalResource = z.infer<typeof HospitalResource>;

/** What is left out is taken from the gateway's configuration. */
export const HospitalBody = HospitalRegistration.partial();
export type HospitalBody = z.input<typeof HospitalBody>;
