/** Studies as the REST interface shows them: what is recorded, and what follows from it. */
import type { FailureResource, StudyResource, StudyStage, StudySummary, VoteTally } from '@consilium/client/resources';
import {
  Approval,
  deriveRound,
  FIRST_PROGRESS,
  isPaused,
  ledgerKey,
  MemberKeys,
  ModelVersion,
  type Msp,
  majority,
  PrivacySpending,
  type Progress,
  refusal,
  Study,
  type StudyId,
  type StudyProtocol,
  StudyVersion,
  settleRound,
  tenDigits,
  Vote,
} from '@consilium/domain';
import type { FailureBook } from '../agent/ports.js';
import type { Records } from './records.js';
import { type RoundRecords, roundRecords } from './roundRecords.js';

/** Keys of all studies, in byte order. */
export function studyKeys(records: Records): Array<{ key: string; study: StudyId }> {
  return records
    .entries('study')
    .filter(({ key }) => key.split('~').length === 2)
    .map(({ key, value }) => ({ key, study: records.parse(Study, key, value).study }));
}

/** @throws ConsiliumError STUDY_UNKNOWN */
export function newestVersion(records: Records, study: StudyId): StudyVersion {
  const known = records.get(Study, ledgerKey.study(study));
  const version = known && records.get(StudyVersion, ledgerKey.studyVersion(study, known.versions));
  if (!version) throw refusal('STUDY_UNKNOWN', { study });
  return version;
}

/**
 * The protocol that the study runs on: that of its last round, else the newest.
 * @throws ConsiliumError STUDY_UNKNOWN
 */
export function runningProtocol(records: Records, study: StudyId): StudyProtocol {
  const newest = newestVersion(records, study);
  const last = lastRound(records, study);
  return last?.protocol ?? newest.protocol;
}

/** @throws ConsiliumError STUDY_UNKNOWN */
export function studySummary(records: Records, study: StudyId): StudySummary {
  const { protocol, version, protocolHash } = newestVersion(records, study);
  const approvals = records.list(Approval, 'approval', study, version);
  const approved = new Set(approvals.filter((one) => one.protocolHash === protocolHash).map(({ msp }) => msp));
  const missingApprovals = protocol.members.filter((msp) => !approved.has(msp));
  const last = lastRound(records, study);
  const votes = voteTallies(records, study, protocol);
  const progress = progressAfter(last, votes);
  return {
    study,
    title: protocol.title,
    stage: last && isUnrecorded(records, last) ? 'active' : stageOf(last, progress, votes, missingApprovals),
    active: missingApprovals.length === 0,
    version,
    protocolHash,
    members: protocol.members,
    missingApprovals,
    registered: records.list(MemberKeys, 'member', study).map(({ msp }) => msp),
    rounds: last ? last.round.round + 1 : 0,
  };
}

/** @throws ConsiliumError STUDY_UNKNOWN */
export function studyResource(records: Records, study: StudyId, failures: FailureBook): StudyResource {
  const { protocol } = newestVersion(records, study);
  const votes = voteTallies(records, study, protocol);
  const last = lastRound(records, study);
  const versions = records.list(StudyVersion, 'study', study).map(({ protocol: _, study: __, ...version }) => ({
    ...version,
    approvals: records.list(Approval, 'approval', study, version.version),
  }));
  return {
    ...studySummary(records, study),
    protocol,
    versions,
    votes,
    progress: progressAfter(last, votes),
    spent: records.list(PrivacySpending, 'spent', study),
    failures: [...failures.failures(study), ...hopelessness(lastOver(records, last))],
  };
}

export function voteTallies(records: Records, study: StudyId, protocol: StudyProtocol): VoteTally[] {
  const bySubject = new Map<string, VoteTally['votes']>();
  for (const vote of records.list(Vote, 'vote', study))
    bySubject.set(vote.subject, [...(bySubject.get(vote.subject) ?? []), vote]);
  const needed = majority(protocol);
  return [...bySubject].map(([subject, votes]) => ({
    subject,
    needed,
    carried: votes.filter(({ yes }) => yes).length >= needed,
    votes,
  }));
}

/** The last round, or while that is running, the one before. */
function lastOver(records: Records, last: RoundRecords | undefined): RoundRecords | undefined {
  if (!last || last.round.round === 0) return last;
  const { stage } = deriveRound(last.protocol, last.facts);
  if (stage === 'agreed' || stage === 'aborted') return last;
  return roundRecords(records, last.round.study, last.round.round - 1);
}

/** A round that ended without a version because of the data themselves: the next one ends so too, whoever votes for it. */
function hopelessness(last: RoundRecords | undefined): FailureResource[] {
  if (!last) return [];
  const { round, protocol, facts } = last;
  const { abort } = deriveRound(protocol, facts);
  if (abort?.reason !== 'ONE_CLASS') return [];
  const { code, detail } = refusal('FEDERATION_ONE_CLASS', { study: round.study });
  const at = Math.max(...[...facts.attestations.values()].map((attestation) => attestation.at));
  return [{ step: 'aggregate', round: round.round, code, detail, times: round.progress.abortsInRow + 1, at }];
}

/** Whether this hospital has work in the study: it is a member, and rounds are made. */
export function isRunning(summary: StudySummary, msp: Msp): boolean {
  return summary.stage === 'active' && summary.members.includes(msp);
}

function lastRound(records: Records, study: StudyId): RoundRecords | undefined {
  const last = records.entries('round', study).length - 1;
  return last < 0 ? undefined : roundRecords(records, study, last);
}

function isCarried(votes: readonly VoteTally[], subject: string): boolean {
  return votes.some((tally) => tally.subject === subject && tally.carried);
}

/** Where the study stands: after the last round if that is over, else before it. */
function progressAfter(last: RoundRecords | undefined, votes: readonly VoteTally[]): Progress {
  if (!last) return FIRST_PROGRESS;
  const { round, protocol, facts } = last;
  const state = deriveRound(protocol, facts);
  if (state.stage !== 'agreed' && state.stage !== 'aborted') return round.progress;
  const judged = round.candidateParent && round.base;
  const vetoed = judged ? isCarried(votes, `veto~${tenDigits(judged.version)}`) : false;
  return settleRound(protocol, round, state, vetoed).progress;
}

/** Agreed upon, and not yet written down for good: whatever follows, somebody's agent still has that to do. */
function isUnrecorded(records: Records, { round, protocol, facts }: RoundRecords): boolean {
  return (
    deriveRound(protocol, facts).stage === 'agreed' &&
    records.get(ModelVersion, ledgerKey.model(round.study, round.round)) === undefined
  );
}

function stageOf(
  last: RoundRecords | undefined,
  progress: Progress,
  votes: readonly VoteTally[],
  missing: readonly Msp[],
): StudyStage {
  if (progress.ended || isCarried(votes, 'end')) return 'ended';
  if (!last) return missing.length > 0 ? 'proposed' : 'active';
  const { stage } = deriveRound(last.protocol, last.facts);
  const isOver = stage === 'agreed' || stage === 'aborted';
  const resume = `resume~${tenDigits(last.round.round + 1)}`;
  return isOver && isPaused(progress) && !isCarried(votes, resume) ? 'paused' : 'active';
}
