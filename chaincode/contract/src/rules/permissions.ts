/** Which role may do what. Roles are attributes of certificates that the hospital's own CA issued. */
import { type Command, type Msp, type QueryName, type Role, refusal, type TransactionName } from '@consilium/domain';

export type Caller = Readonly<{ msp: Msp; id: string; role: Role | null }>;

/** What is asked, by whom, and when: the transaction's time in milliseconds since 1970. */
export type Asked<Name extends TransactionName> = Readonly<{ command: Command<Name>; caller: Caller; at: number }>;

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

export const PERMISSIONS: Readonly<Record<TransactionName | QueryName, readonly Role[]>> = {
  'HospitalContract:registerHospital': ['admin'],
  'StudyContract:proposeStudy': ['researcher'],
  'StudyContract:approveStudy': ['compliance-officer'],
  'StudyContract:castVote': ['compliance-officer'],
  'StudyContract:registerMember': ['agent'],
  'StudyContract:registerShareKey': ['agent'],
  'RoundContract:openRound': ['agent', 'researcher'],
  'RoundContract:joinRound': ['agent'],
  'RoundContract:contribute': ['agent'],
  'RoundContract:reveal': ['agent'],
  'RoundContract:attest': ['agent'],
  'RoundContract:closePhase': ['agent'],
  'RoundContract:abortRound': ['agent'],
  'RoundContract:reportEvaluation': ['agent'],
  'ModelContract:recordVersion': ['agent'],
  'ConsentContract:publishPolicy': ['compliance-officer'],
  'ConsentContract:recordConsents': ['data-steward', 'patient-desk'],
  'ConsentContract:withdrawConsents': ['data-steward', 'patient-desk'],
  'ConsentContract:recordConsentRoot': ['data-steward'],
  'ConsentContract:recordPermit': ['compliance-officer'],
  'ConsentContract:holdRecord': ['compliance-officer'],
  'ConsentContract:eraseRecord': ['compliance-officer'],
  'ConsentContract:anchorReadLog': ['agent'],
  'ConsentContract:reportWithdrawal': ['agent'],
  'ConsentContract:keepPrivate': ['agent'],
  'ConsentContract:purgePrivate': ['agent'],
  'StudyContract:readStudy': READERS,
  'RoundContract:roundFacts': READERS,
  'RoundContract:roundGrounds': READERS,
  'ModelContract:lineage': READERS,
  'ConsentContract:consentHistory': ['compliance-officer', 'data-steward', 'patient-desk', 'auditor'],
  'ConsentContract:cohortHistory': ['compliance-officer', 'auditor'],
  'ConsentContract:policies': READERS,
  'ConsentContract:readPrivate': ['agent'],
  'ConsentContract:cohortUse': READERS,
};

/** @throws ConsiliumError ROLE_REQUIRED */
export function requireRole(action: TransactionName | QueryName, caller: Caller): void {
  const roles = PERMISSIONS[action];
  if (caller.role && roles.includes(caller.role)) return;
  throw refusal('ROLE_REQUIRED', {
    action,
    role: roles.join(' or '),
    caller: caller.msp,
    found: caller.role ?? 'none that is known',
  });
}
