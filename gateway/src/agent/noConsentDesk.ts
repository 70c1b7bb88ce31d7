/** The desk of a gateway without a consent store: studies that ask for consent are sat out, all others are not concerned. */
import { refusal } from '@consilium/domain';
import type { ConsentDesk } from './ports.js';

export const noConsentDesk: ConsentDesk = {
  select: () => Promise.reject(refusal('CONSENT_NOT_CONFIGURED', {})),
  selection: () => undefined,
  isStillAllowed: () => false,
  allowedUntil: () => undefined,
  allowedNow: () => Promise.reject(refusal('CONSENT_NOT_CONFIGURED', {})),
  unreportedWithdrawals: () => undefined,
  onRestriction: () => () => undefined,
};
