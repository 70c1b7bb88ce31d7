/**
 * What each role may ask of the gateway itself. Whether somebody may write to the channel is not decided here: the
 * contract reads the certificate.
 */
import { type Role, refusal } from '@consilium/domain';
import type { RequestHandler, Response } from 'express';
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
  'read consents of other hospitals': ['auditor'],
  'read consent policies': [...READERS, 'patient-desk'],
  // Which patient a record is of. Never a researcher, nor an auditor: those see refs.
  'read patient links': ['data-steward', 'patient-desk', 'compliance-officer'],
  'publish consent policies': ['compliance-officer'],
  'record permits': ['compliance-officer'],
  'hold records': ['compliance-officer'],
  'erase records': ['compliance-officer'],
  // The contract decides it again, by the certificate.
  'approve studies': ['compliance-officer'],
  'read the log of reads': ['compliance-officer', 'auditor'],
  'export consents': ['compliance-officer', 'auditor'],
  'give patients their files': ['compliance-officer', 'patient-desk'],
  'look after the queue of consents': ['data-steward', 'compliance-officer', 'admin'],
  'take over queued consents': ['data-steward'],
  'keep the consent store': ['admin'],
} as const satisfies Record<string, readonly Role[]>;

export type Action = keyof typeof ALLOWED;

/** Lets through whose certificate names a role that may. */
export function allow(action: Action): RequestHandler {
  return (_request, response, next) => {
    requireAllowed(response, action);
    next();
  };
}

/** @throws ConsiliumError ROLE_REQUIRED where the person's certificate names no role that may */
export function requireAllowed(response: Response, action: Action): void {
  if (isAllowed(response, action)) return;
  const { name, role } = personOf(response);
  throw refusal('ROLE_REQUIRED', {
    action: `to ${action}`,
    role: ALLOWED[action].join(' or '),
    caller: name,
    found: role ?? 'none that is known',
  });
}

/** Whether the person who asks may. */
export function isAllowed(response: Response, action: Action): boolean {
  const { role } = personOf(response);
  const roles: readonly Role[] = ALLOWED[action];
  return role !== undefined && roles.includes(role);
}
