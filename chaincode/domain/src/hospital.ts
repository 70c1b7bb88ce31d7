/** A hospital as the channel knows it. */
import { z } from 'zod';
import { Digest, Msp } from './ids.js';

export const HospitalRegistration = z.strictObject({
  /** Display name. */
  name: z.string().min(1).max(80),
  /** Where the other hospitals' gateways reach this one's exchange: `https://host:port`. */
  exchangeUrl: z.url({ protocol: /^https$/ }).max(300),
  /** SHA-256 of the built chaincode that this hospital runs. */
  chaincodeDigest: Digest,
});
export type HospitalRegistration = z.infer<typeof HospitalRegistration>;

export const Hospital = HospitalRegistration.extend({ msp: Msp });
export type Hospital = z.infer<typeof Hospital>;
