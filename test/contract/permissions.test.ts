/** Which role may do what: every action with every role, against the table of the ledger's design. */
import { commands, type Msp, queries, Role, refusalIn } from '@consilium/domain';
import { describe, expect, test } from '@jest/globals';
import { ContractChannel, HOSPITALS, PERMISSIONS } from '../support/contractChannel.js';

const MATRIX: Readonly<Record<string, readonly Role[]>> = {
  registerHospital: ['admin'],
  proposeStudy: ['researcher'],
  approveStudy: ['compliance-officer'],
  castVote: ['compliance-officer'],
  registerMember: ['agent'],
  registerShareKey: ['agent'],
  openRound: ['agent', 'researcher'],
  joinRound: ['agent'],
  contribute: ['agent'],
  reveal: ['agent'],
  attest: ['agent'],
  closePhase: ['agent'],
  abortRound: ['agent'],
  reportEvaluation: ['agent'],
  recordVersion: ['agent'],
  publishPolicy: ['compliance-officer'],
  recordConsents: ['data-steward', 'patient-desk'],
  withdrawConsents: ['data-steward', 'patient-desk'],
  recordConsentRoot: ['data-steward'],
  recordPermit: ['compliance-officer'],
  holdRecord: ['compliance-officer'],
  eraseRecord: ['compliance-officer'],
  anchorReadLog: ['agent'],
  reportWithdrawal: ['agent'],
  keepPrivate: ['agent'],
  purgePrivate: ['agent'],
  readPrivate: ['agent'],
  consentHistory: ['compliance-officer', 'data-steward', 'patient-desk', 'auditor'],
  cohortHistory: ['compliance-officer', 'auditor'],
  policies: Role.options.filter((role) => role !== 'patient-desk'),
  cohortUse: Role.options.filter((role) => role !== 'patient-desk'),
  readStudy: Role.options.filter((role) => role !== 'patient-desk'),
  roundFacts: Role.options.filter((role) => role !== 'patient-desk'),
  roundGrounds: Role.options.filter((role) => role !== 'patient-desk'),
  lineage: Role.options.filter((role) => role !== 'patient-desk'),
};
const ACTIONS = [...Object.keys(commands), ...Object.keys(queries)];
const ROLES: readonly (Role | 'superuser' | null)[] = [...Role.options, 'superuser', null];

describe('the permissions', () => {
  test('name every transaction and query, and no other', () => {
    expect(Object.keys(PERMISSIONS).sort()).toEqual([...ACTIONS].sort());
    expect(Object.keys(MATRIX).sort()).toEqual(ACTIONS.map((action) => action.split(':')[1]).sort());
  });

  test('are of transactions that the contract declares, and it declares no other', () => {
    const { ledger } = new ContractChannel();
    expect([...ledger.transactions()].sort()).toEqual([...ACTIONS].sort());
  });

  const cases = ACTIONS.flatMap((action) => ROLES.map((role) => [action, role] as const));
  test.each(cases)('%s by %s', async (transaction, role) => {
    const { ledger } = new ContractChannel();
    const creator = { msp: HOSPITALS[0] as Msp, role, id: 'someone' };
    // An empty command is never valid: whoever may act is told so, everyone else is told about the role.
    const answer = await ledger.simulate({ transaction, argument: '{}', creator, txId: 't', timestampMs: 0 });
    if (answer.ok) throw new Error('an empty command was endorsed');
    const may = MATRIX[transaction.split(':')[1] as string]?.some((allowed) => allowed === role);
    expect(refusalIn(answer.error)?.code).toBe(may ? 'INPUT_INVALID' : 'ROLE_REQUIRED');
  });
});
