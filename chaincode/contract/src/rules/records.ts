/** The nouns that stand on the ledger: the schema of each, and its key. */
import {
  Approval,
  Attestation,
  Close,
  Contribution,
  Hospital,
  HospitalEvaluation,
  Join,
  ledgerKey,
  MemberKeys,
  ModelVersion,
  PrivacySpending,
  Reveal,
  Round,
  ShareKey,
  Study,
  StudyVersion,
  Vote,
} from '@consilium/domain';

/** How a noun is checked, on write and after read. */
export type Schema<T> = Readonly<{ parse(value: unknown): T }>;

/** A record that a transaction puts under a key. */
export type Write = Readonly<{ key: string; schema: Schema<unknown>; record: unknown }>;

/** Makes the write of a record: its key follows from what it holds. */
export const write = {
  hospital: (record: Hospital): Write => ({ key: ledgerKey.hospital(record.msp), schema: Hospital, record }),
  study: (record: Study): Write => ({ key: ledgerKey.study(record.study), schema: Study, record }),
  studyVersion: (record: StudyVersion): Write => ({
    key: ledgerKey.studyVersion(record.study, record.version),
    schema: StudyVersion,
    record,
  }),
  approval: (record: Approval): Write => ({
    key: ledgerKey.approval(record.study, record.version, record.msp),
    schema: Approval,
    record,
  }),
  member: (record: MemberKeys): Write => ({
    key: ledgerKey.member(record.study, record.msp),
    schema: MemberKeys,
    record,
  }),
  shareKey: (record: ShareKey): Write => ({
    key: ledgerKey.shareKey(record.study, record.msp, record.index),
    schema: ShareKey,
    record,
  }),
  spending: (record: PrivacySpending): Write => ({
    key: ledgerKey.spent(record.study, record.msp),
    schema: PrivacySpending,
    record,
  }),
  reveal: (record: Reveal): Write => ({
    key: ledgerKey.reveal(record.study, record.round, record.msp),
    schema: Reveal,
    record,
  }),
  vote: (record: Vote): Write => ({
    key: ledgerKey.vote(record.study, record.subject, record.msp),
    schema: Vote,
    record,
  }),
  round: (record: Round): Write => ({ key: ledgerKey.round(record.study, record.round), schema: Round, record }),
  join: (record: Join): Write => ({
    key: ledgerKey.join(record.study, record.round, record.msp),
    schema: Join,
    record,
  }),
  contribution: (record: Contribution): Write => ({
    key: ledgerKey.contribution(record.study, record.round, record.msp),
    schema: Contribution,
    record,
  }),
  attestation: (record: Attestation): Write => ({
    key: ledgerKey.attestation(record.study, record.round, record.msp),
    schema: Attestation,
    record,
  }),
  close: (record: Close): Write => ({
    key: ledgerKey.close(record.study, record.round, record.phase),
    schema: Close,
    record,
  }),
  model: (record: ModelVersion): Write => ({
    key: ledgerKey.model(record.study, record.version),
    schema: ModelVersion,
    record,
  }),
  evaluation: (record: HospitalEvaluation): Write => ({
    key: ledgerKey.evaluation(record.study, record.round, record.msp),
    schema: HospitalEvaluation,
    record,
  }),
} as const;

/** What a rule decided: the record that the caller is answered with, and all that is written. */
export type Decision = Readonly<{ record: unknown; writes: readonly Write[] }>;

/** The record stands already, with the same content: success, and nothing is written. */
export function standing(record: unknown): Decision {
  return { record, writes: [] };
}
