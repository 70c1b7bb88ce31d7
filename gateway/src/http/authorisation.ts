/**
 * What each role may ask of the gateway itself. Whether somebody may write to the channel is not decided here: the
 * contract reads the certificate.
 */
import { type Role, refusal } from '@consilium/domain';
import type { RequestHandler } from 'express';
import { personOf } from './authentication.js';

/** Patient desks see their own hospital's consents, and nothing of studies. */
const READERS: readonly Role[] = [
  'admin',
  'researcher',
  'data-steward',
  'compliance-officer',
  'clinical-approver',
  'agent',
  'auditor',
];

export const ALLOWED = {
  'read studies': READERS,
  'read model files': ['admin', 'researcher', 'compliance-officer', 'clinical-approver', 'auditor'],
  'read predictions': ['researcher', 'compliance-officer', 'clinical-approver'],
  'train alone': ['researcher'],
  'verify rounds': ['admin', 'researcher', 'compliance-officer', 'auditor'],
  'read data reports': ['admin', 'researcher', 'data-steward', 'compliance-officer'],
  'file consents': ['data-steward', 'patient-desk'],
  // Whoever files a consent finds it again.
  'read consents': ['data-steward', 'patient-desk', 'compliance-officer', 'auditor'],
  'read records of use': ['compliance-officer', 'auditor'],
} as const satisfies Record<string, readonly Role[]>;

export type Action = keyof typeof ALLOWED;

/** @throws ConsiliumError ROLE_REQUIRED where the person's certificate names no role that may */
export function allow(action: Action): RequestHandler {
  const roles: readonly Role[] = ALLOWED[action];
  return (_request, response, next) => {
    const { name, role } = personOf(response);
    if (!role || !roles.includes(role))
      throw refusal('ROLE_REQUIRED', {
        action: `to ${action}`,
        role: roles.join(' or '),
        caller: name,
        found: role ?? 'none that is known',
      });
    next();
  };
}
