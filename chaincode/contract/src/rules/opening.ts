/** The next round: its kind, its base and its members follow from what is recorded. */
import {
  ableToPay,
  affordableKind,
  availabilityOf,
  FIRST_PROGRESS,
  isPaused,
  type ModelVersion,
  type Msp,
  majority,
  nextBase,
  nextKind,
  type PrivacySpending,
  type Progress,
  phasesOf,
  quorum,
  type Round,
  type RoundKind,
  refusal,
  resumed,
  retrain,
  type ShareKey,
  type StudyProtocol,
  type StudyVersion,
  tenDigits,
  type Vote,
  type WithdrawalReport,
} from '@consilium/domain';
import { requireMember } from './members.js';
import type { Asked } from './permissions.js';
import { type Decision, type Write, write } from './records.js';
import { type Settled, type SettlingFacts, settle } from './settlement.js';
import { pinned } from './shareKeys.js';
import { isCarried } from './votes.js';

export type OpeningFacts = Readonly<{
  /** The newest version of the study before the first round, else the one that the round before was opened on. */
  version: StudyVersion;
  existing: Round | undefined;
  /** Members that have not approved; asked before the first round only. */
  unapproved: readonly Msp[];
  /** The round before; absent for the first. */
  before: SettlingFacts | undefined;
  /** Members whose agents have registered, in byte order. */
  registered: readonly Msp[];
  /** What patients' withdrawals make of the study; only where it is to be trained again for them, and some are new. */
  withdrawals: Withdrawals | undefined;
  /** Differential privacy: what members have spent in this study. */
  spendings: ReadonlyMap<Msp, PrivacySpending>;
  /** Private mode: the newest share key of each member that has one, in byte order of members. */
  shareKeys: readonly ShareKey[];
  votes: Readonly<{
    end: readonly Vote[];
    finish: readonly Vote[];
    resume: readonly Vote[];
    /** On leaving a hospital out of a round, `leave-out~MSP~n`, or out of a sum over this base, `unmask~r~MSP`. */
    leaveOut: readonly Vote[];
    unmask: readonly Vote[];
  }>;
}>;

export type Withdrawals = Readonly<{
  reports: readonly WithdrawalReport[];
  /** All versions on the ledger. */
  versions: readonly ModelVersion[];
  /** All rounds from the first one on that a report names. */
  rounds: readonly Round[];
}>;

/**
 * @throws ConsiliumError NOT_A_MEMBER, ROUND_EXISTS, STUDY_NOT_ACTIVE, ROUND_NOT_SETTLED, ATTESTATIONS_DIFFER,
 *   STUDY_ENDED, STUDY_PAUSED, ROUND_TOO_FEW_REGISTERED
 */
export function openRound({ command, caller, at }: Asked<'RoundContract:openRound'>, facts: OpeningFacts): Decision {
  const { study, round: number, attestedBy } = command;
  const { protocol, protocolHash, version } = facts.version;
  requireMember(study, protocol.members, caller.msp);
  if (facts.existing) throw refusal('ROUND_EXISTS', { study, round: number });
  if (facts.unapproved.length > 0)
    throw refusal('STUDY_NOT_ACTIVE', { study, version, missing: facts.unapproved.join(', ') });
  if (isCarried(protocol, facts.votes.end)) throw refusal('STUDY_ENDED', { study, how: 'by vote' });
  const settled = goneBack(settledBefore(protocol, attestedBy, facts.before), facts.withdrawals);
  const progress = goingOn(study, number, protocol, settled?.progress ?? FIRST_PROGRESS, facts.votes.resume);
  const due = nextKind(protocol, progress, number, isCarried(protocol, facts.votes.finish));
  if (!due) throw refusal('STUDY_ENDED', { study, how: progress.ended ?? 'rounds' });
  const spent = (msp: Msp) => facts.spendings.get(msp);
  const kind = affordableKind(protocol, due, spent);
  const base = nextBase(progress);
  const registered = ableToPay(protocol, kind, facts.registered, spent);
  const availability = availabilityOf(protocol, { number, kind, progress }, registered, {
    isCarried: (subject) => isCarried(protocol, about(facts.votes, subject)),
    saidYes: (msp, subject) => about(facts.votes, subject).some((vote) => vote.yes && vote.msp === msp),
  });
  const [needed, found] = [quorum(protocol), availability.available.length];
  if (found < needed) throw refusal('ROUND_TOO_FEW_REGISTERED', { study, needed, found });
  const record: Round = {
    study,
    round: number,
    kind,
    protocolVersion: version,
    protocolHash,
    ...base,
    ...availability,
    ...(phasesOf(kind, protocol.mode).includes('unmasking') ? { shareKeys: facts.shareKeys.map(pinned) } : {}),
    deadlines: deadlinesOf(protocol, kind, at),
    progress,
    openedBy: caller.msp,
    openedAt: at,
  };
  return { record, writes: [write.round(record), ...(settled?.writes ?? [])] };
}

function about({ leaveOut, unmask }: OpeningFacts['votes'], subject: string): Vote[] {
  return [...leaveOut, ...unmask].filter((vote) => vote.subject === subject);
}

function settledBefore(
  protocol: StudyProtocol,
  attestedBy: readonly Msp[],
  before: SettlingFacts | undefined,
): Settled | undefined {
  if (before) return settle(protocol, attestedBy, before);
  if (attestedBy.length > 0)
    throw refusal('INPUT_INVALID', { problems: 'attestedBy: the first round has no round before it' });
  return undefined;
}

/** What the round before leaves, once withdrawals are counted in: their versions are void, whatever it made of them. */
function goneBack(
  settled: Settled | undefined,
  withdrawals: Withdrawals | undefined,
): Readonly<{ progress: Progress; writes: readonly Write[] }> | undefined {
  if (!settled) return undefined;
  const { settlement, writes } = settled;
  if (!withdrawals) return { progress: settlement.progress, writes };
  const written = writes.map(({ record }) => record as ModelVersion);
  const versions = new Map([...withdrawals.versions, ...written].map((version) => [version.version, version]));
  const { reports, rounds } = withdrawals;
  const { progress, voided } = retrain(settlement.progress, reports, [...versions.values()], rounds);
  const voiding = voided.map(write.model);
  const replaced = new Set(voiding.map(({ key }) => key));
  return { progress, writes: [...writes.filter(({ key }) => !replaced.has(key)), ...voiding] };
}

/** Progress from which a round may start: the study is not over, and not paused unless members voted to go on. */
function goingOn(
  study: string,
  number: number,
  protocol: StudyProtocol,
  progress: Progress,
  resume: readonly Vote[],
): Progress {
  if (progress.ended) throw refusal('STUDY_ENDED', { study, how: progress.ended });
  if (!isPaused(progress)) return progress;
  if (isCarried(protocol, resume)) return resumed(progress);
  throw refusal('STUDY_PAUSED', {
    study,
    aborts: progress.abortsInRow,
    rejections: progress.rejectionsInRow,
    needed: majority(protocol),
    subject: `resume~${tenDigits(number)}`,
  });
}

function deadlinesOf(protocol: StudyProtocol, kind: RoundKind, at: number): Round['deadlines'] {
  const { joinMs, contributeMs, finishMs } = protocol.deadlines;
  const phases = phasesOf(kind, protocol.mode);
  const joinBy = at + (phases.includes('joining') ? joinMs : 0);
  const contributeBy = joinBy + (phases.includes('contributing') ? contributeMs : 0);
  return { joinBy, contributeBy, unmaskBy: contributeBy + finishMs, attestBy: contributeBy + finishMs };
}
