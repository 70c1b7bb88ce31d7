/** What transactions of a round read together. Each reads no more than its decision needs, so that facts never conflict. */
import {
  type Close,
  type Join,
  ledgerKey,
  type Msp,
  type Phase,
  type PrivacySpending,
  phasesOf,
  type Round,
  type RoundFacts,
  refusal,
  type ShareKey,
  type StudyId,
  type StudyProtocol,
  type StudyVersion,
  tenDigits,
  unhandledReports,
} from '@consilium/domain';
import type { OpeningFacts, Withdrawals } from '../rules/opening.js';
import type { SettlingFacts } from '../rules/settlement.js';
import type { LedgerState } from './ledgerState.js';

/** @throws ConsiliumError STUDY_UNKNOWN */
export async function newestVersion(state: LedgerState, study: StudyId): Promise<StudyVersion> {
  const head = await state.study(study);
  const newest = head && (await state.studyVersion(study, head.versions));
  if (!newest) throw refusal('STUDY_UNKNOWN', { study });
  return newest;
}

/** @throws ConsiliumError STUDY_UNKNOWN, ROUND_UNKNOWN */
export async function knownRound(state: LedgerState, study: StudyId, number: number): Promise<Round> {
  const round = await state.round(study, number);
  if (round) return round;
  await newestVersion(state, study);
  throw refusal('ROUND_UNKNOWN', { study, round: number });
}

/** The protocol that a round was opened on. */
export async function protocolOf(state: LedgerState, round: Round): Promise<StudyProtocol> {
  return (await versionOf(state, round)).protocol;
}

async function versionOf(state: LedgerState, { study, protocolVersion }: Round): Promise<StudyVersion> {
  const version = await state.studyVersion(study, protocolVersion);
  if (!version) throw new Error(`version ${protocolVersion} of study ${study} is not on the ledger, but has a round`);
  return version;
}

export async function closesOf(
  state: LedgerState,
  round: Round,
  phases: readonly Phase[],
): Promise<ReadonlyMap<Phase, Close>> {
  const closes = new Map<Phase, Close>();
  for (const phase of phases) {
    const close = await state.close(round.study, round.round, phase);
    if (close) closes.set(phase, close);
  }
  return closes;
}

/** Those of the members that something is recorded of, key by key. */
export async function recordedBy(
  state: LedgerState,
  members: readonly Msp[],
  keyOf: (msp: Msp) => string,
): Promise<ReadonlySet<Msp>> {
  const found = await Promise.all(members.map((msp) => state.has(keyOf(msp))));
  return new Set(members.filter((_, k) => found[k]));
}

export function byMsp<T extends Readonly<{ msp: Msp }>>(records: readonly T[]): ReadonlyMap<Msp, T> {
  return new Map(records.map((record) => [record.msp, record]));
}

/**
 * Who joined and who contributed, as far as an attestation needs to know: where all contributed, or contributing was
 * closed, joining was over. Reads only facts that stand for ever.
 */
export async function survivorFacts(
  state: LedgerState,
  round: Round,
  closes: ReadonlyMap<Phase, Close>,
): Promise<{ joined: ReadonlySet<Msp>; contributed: ReadonlySet<Msp> }> {
  const { study, round: number } = round;
  const close = closes.get('contributing');
  if (close) return { joined: new Set(round.available), contributed: new Set(close.found) };
  const roster = closes.get('joining')?.found ?? round.available;
  const contributed = await recordedBy(state, roster, (msp) => ledgerKey.contribution(study, number, msp));
  if (closes.has('joining') || contributed.size === roster.length) return { joined: contributed, contributed };
  return { joined: await recordedBy(state, roster, (msp) => ledgerKey.join(study, number, msp)), contributed };
}

/** Everything that is recorded of a round, by range: for those that write a close. */
export async function allFacts(state: LedgerState, round: Round, protocol: StudyProtocol): Promise<RoundFacts> {
  const { study, round: number, kind } = round;
  return {
    round,
    joins: byMsp(await state.joins(study, number)),
    contributions: byMsp(await state.contributions(study, number)),
    reveals: byMsp(isMasked(round) ? await state.reveals(study, number) : []),
    attestations: byMsp(await state.attestations(study, number)),
    closes: await closesOf(state, round, phasesOf(kind, protocol.mode)),
  };
}

/** Whether vectors of this round are masked: then its record pins share keys. */
function isMasked(round: Pick<Round, 'shareKeys'>): boolean {
  return round.shareKeys !== undefined;
}

/** Joins of hospitals, as far as they are there: they stand for ever. */
export async function joinsOf(
  state: LedgerState,
  round: Round,
  hospitals: readonly Msp[],
): Promise<ReadonlyMap<Msp, Join>> {
  const joins = await Promise.all(hospitals.map((msp) => state.join(round.study, round.round, msp)));
  return byMsp(joins.filter((join) => join !== undefined));
}

/**
 * A member's newest share key.
 * @param before a round that pinned its newest one then: no older one is read, however long the study is
 */
export async function newestShareKey(
  state: LedgerState,
  study: StudyId,
  msp: Msp,
  before?: Round,
): Promise<ShareKey | undefined> {
  const pinned = before?.shareKeys?.find((key) => key.msp === msp);
  return (await state.shareKeysFrom(study, msp, pinned?.index ?? 0)).at(-1);
}

async function newestShareKeys(
  state: LedgerState,
  study: StudyId,
  members: readonly Msp[],
  before: Round | undefined,
): Promise<ShareKey[]> {
  const newest = await Promise.all(members.map((msp) => newestShareKey(state, study, msp, before)));
  return newest.filter((key) => key !== undefined);
}

/** What settles a round: the named attestations alone, the absence of closes, and what concerns the candidate it judges. */
export async function settlingFacts(
  state: LedgerState,
  round: Round,
  protocol: StudyProtocol,
  attestedBy: readonly Msp[],
): Promise<SettlingFacts> {
  const { study, round: number } = round;
  const candidate = round.candidateParent ? round.base : null;
  const attestations = await Promise.all(attestedBy.map((msp) => state.attestation(study, number, msp)));
  return {
    round,
    closes: await closesOf(state, round, phasesOf(round.kind, protocol.mode)),
    attestations: byMsp(attestations.filter((attestation) => attestation !== undefined)),
    vetoes: candidate ? await state.votes(study, `veto~${tenDigits(candidate.version)}`) : [],
    judged: candidate ? await state.model(study, candidate.version) : undefined,
    recorded: await state.model(study, number),
  };
}

/** @throws ConsiliumError STUDY_UNKNOWN, ROUND_NOT_NEXT */
export async function openingFacts(
  state: LedgerState,
  study: StudyId,
  number: number,
  attestedBy: readonly Msp[],
): Promise<OpeningFacts> {
  const before = number > 0 ? await roundBefore(state, study, number) : undefined;
  const version = before ? await versionOf(state, before) : await newestVersion(state, study);
  const { members } = version.protocol;
  // Before the first round all members' approvals count; with it the protocol stands, so later ones need not ask again.
  const approved = before
    ? new Set(members)
    : await recordedBy(state, members, (msp) => ledgerKey.approval(study, version.version, msp));
  const registered = await recordedBy(state, members, (msp) => ledgerKey.member(study, msp));
  const subject = (name: string) => `${name}~${tenDigits(number)}`;
  return {
    version,
    existing: await state.round(study, number),
    unapproved: members.filter((msp) => !approved.has(msp)),
    before: before && (await settlingFacts(state, before, version.protocol, attestedBy)),
    registered: members.filter((msp) => registered.has(msp)),
    withdrawals: before && (await withdrawalsOf(state, before, version.protocol)),
    spendings: version.protocol.privacy ? await spendingsOf(state, study, members) : new Map(),
    shareKeys: version.protocol.mode === 'private' ? await newestShareKeys(state, study, members, before) : [],
    votes: {
      leaveOut: (await state.votes(study, 'leave-out')).filter((vote) =>
        vote.subject.endsWith(`~${tenDigits(number)}`),
      ),
      unmask: await state.votes(study, 'unmask'),
      end: await state.votes(study, 'end'),
      finish: await state.votes(study, subject('finish')),
      resume: await state.votes(study, subject('resume')),
    },
  };
}

/** Written by joins of rounds that are over by now: nothing that goes on beside an opening writes them. */
async function spendingsOf(
  state: LedgerState,
  study: StudyId,
  members: readonly Msp[],
): Promise<ReadonlyMap<Msp, PrivacySpending>> {
  const spendings = await Promise.all(members.map((msp) => state.spending(study, msp)));
  return byMsp(spendings.filter((spending) => spending !== undefined));
}

/** Reports are read where they can change anything; versions and rounds only where one of them is new. */
async function withdrawalsOf(
  state: LedgerState,
  before: Round,
  { consent }: StudyProtocol,
): Promise<Withdrawals | undefined> {
  if (consent?.onWithdrawal !== 'retrain') return undefined;
  const { study } = before;
  const reports = await state.withdrawals(study);
  const fresh = unhandledReports(before.progress, reports);
  if (fresh.length === 0) return undefined;
  const first = Math.min(...fresh.map(({ fromRound }) => fromRound));
  return { reports, versions: await state.models(study), rounds: await state.roundsFrom(study, first) };
}

async function roundBefore(state: LedgerState, study: StudyId, number: number): Promise<Round> {
  const before = await state.round(study, number - 1);
  if (before) return before;
  await newestVersion(state, study);
  const { length } = await state.rounds(study);
  throw refusal('ROUND_NOT_NEXT', { study, expected: length, round: number });
}
