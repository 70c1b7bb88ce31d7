/** Who asks, from the certificate alone. */
import { Msp, ROLE_ATTRIBUTE, Role } from '@consilium/domain';
import type { Caller } from '../rules/permissions.js';
import type { LedgerContext } from './ledgerContext.js';

/** The role is null where the certificate's attribute is missing or none that the product knows. */
export function callerOf(context: LedgerContext): Caller {
  const identity = context.clientIdentity;
  const role = Role.safeParse(identity.getAttributeValue(ROLE_ATTRIBUTE));
  return { msp: Msp.parse(identity.getMSPID()), id: identity.getID(), role: role.data ?? null };
}
