/** The nouns of consent: the schema of each, its key, and what their rules have in common. */
import {
  ConsentBatch,
  ConsentEvent,
  ConsentPolicy,
  ConsentPolicyHead,
  DataPermit,
  LegalHold,
  ledgerKey,
  type Msp,
  ReadLogHead,
  RestrictionEpoch,
  type Role,
  Tombstone,
  WithdrawalReport,
} from '@consilium/domain';
import type { Caller } from './permissions.js';
import type { Write } from './records.js';

export const writeConsent = {
  policyHead: (record: ConsentPolicyHead): Write => ({
    key: ledgerKey.policyHead(record.msp),
    schema: ConsentPolicyHead,
    record,
  }),
  policy: (record: ConsentPolicy): Write => ({
    key: ledgerKey.policy(record.msp, record.version),
    schema: ConsentPolicy,
    record,
  }),
  event: (record: ConsentEvent): Write => ({
    key: ledgerKey.consent(record.msp, record.ref, record.seq),
    schema: ConsentEvent,
    record,
  }),
  batch: (record: ConsentBatch): Write => ({
    key: ledgerKey.consentRoot(record.msp, record.batch),
    schema: ConsentBatch,
    record,
  }),
  hold: (record: LegalHold): Write => ({ key: ledgerKey.hold(record.msp, record.ref), schema: LegalHold, record }),
  tombstone: (record: Tombstone): Write => ({
    key: ledgerKey.tombstone(record.msp, record.ref),
    schema: Tombstone,
    record,
  }),
  readLog: (record: ReadLogHead): Write => ({
    key: ledgerKey.readLog(record.msp, record.day),
    schema: ReadLogHead,
    record,
  }),
  permit: (record: DataPermit): Write => ({
    key: ledgerKey.permit(record.study, record.msp),
    schema: DataPermit,
    record,
  }),
  report: (record: WithdrawalReport): Write => ({
    key: ledgerKey.withdrawal(record.study, record.msp, record.report),
    schema: WithdrawalReport,
    record,
  }),
} as const;

/** A hospital that never restricted anything has no epoch on the ledger: it is at 0. */
export function epochNumber(epoch: RestrictionEpoch | undefined): number {
  return epoch?.epoch ?? 0;
}

/** The epoch grows by one with a transaction that restricts, however much it restricts. */
export function grownEpoch(msp: Msp, epoch: RestrictionEpoch | undefined): Write {
  const record: RestrictionEpoch = { msp, epoch: epochNumber(epoch) + 1 };
  return { key: ledgerKey.epoch(msp), schema: RestrictionEpoch, record };
}

/** Who signs, as the certificate says. */
export function signerOf({ id, role }: Caller): { id: string; role: Role } {
  if (!role) throw new Error('whoever signs has a role: it was asked for before');
  return { id, role };
}
