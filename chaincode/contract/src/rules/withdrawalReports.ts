/** A hospital tells that patients withdrew who were in rounds already: which rounds, not who nor how many. */
import { canonicalJson, type Join, refusal, type StudyVersion, type WithdrawalReport } from '@consilium/domain';
import { writeConsent } from './consentRecords.js';
import { requireMember } from './members.js';
import type { Asked } from './permissions.js';
import { type Decision, standing } from './records.js';

export type WithdrawalFacts = Readonly<{
  newest: StudyVersion;
  own: WithdrawalReport | undefined;
  /** The number of the next report; asked where none stands under this one. */
  next: number;
  /** This hospital's joins of the first and the last round that are told. */
  joins: readonly (Join | undefined)[];
}>;

/** @throws ConsiliumError NOT_A_MEMBER, CONSENT_REPORT_NOT_NEXT, INPUT_INVALID (rounds without a cohort of this hospital) */
export function reportWithdrawal(
  { command, caller, at }: Asked<'ConsentContract:reportWithdrawal'>,
  { newest, own, next, joins }: WithdrawalFacts,
): Decision {
  const { msp } = caller;
  const { study, report, fromRound, toRound } = command;
  requireMember(study, newest.protocol.members, msp);
  const record: WithdrawalReport = { ...command, msp, at };
  if (own && canonicalJson({ ...record, at: own.at }) === canonicalJson(own)) return standing(own);
  if (own || report !== next) throw refusal('CONSENT_REPORT_NOT_NEXT', { msp, study, expected: next, found: report });
  if (fromRound > toRound) throw refusal('INPUT_INVALID', { problems: 'toRound: lies before fromRound' });
  if (!joins.every((join) => join?.cohort))
    throw refusal('INPUT_INVALID', {
      problems: `fromRound, toRound: ${msp} has no cohort in round ${fromRound} or ${toRound}`,
    });
  return { record, writes: [writeConsent.report(record)] };
}
