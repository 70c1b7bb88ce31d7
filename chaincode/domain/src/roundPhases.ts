/** The state machine of a round: a table of phases by kind and mode, and what the recorded facts say of each. */
import { canonicalJson, sha256Hex } from './canonicalJson.js';
import type { Instant, Msp } from './ids.js';
import type {
  AbortReason,
  Attestation,
  Close,
  Contribution,
  Join,
  NoVersionReason,
  Outcome,
  Phase,
  Round,
  RoundKind,
  SealedReason,
} from './round.js';
import { type Reveal, shareOf } from './roundKeys.js';
import { majority, type StudyMode, type StudyProtocol } from './study.js';

type Row = Readonly<{ kinds: readonly RoundKind[]; mode: StudyMode; phases: readonly Phase[] }>;

/** An initial round is computed from the protocol alone, so it is only attested. */
export const ROUND_PHASES: readonly Row[] = [
  { kinds: ['initial'], mode: 'open', phases: ['attesting'] },
  { kinds: ['initial'], mode: 'private', phases: ['attesting'] },
  { kinds: ['statistics', 'training', 'evaluation'], mode: 'open', phases: ['joining', 'contributing', 'attesting'] },
  {
    kinds: ['statistics', 'training', 'evaluation'],
    mode: 'private',
    phases: ['joining', 'contributing', 'unmasking', 'attesting'],
  },
];

/**
 * The phases that a round goes through, in their order.
 * @throws RangeError for a kind and mode that the table does not have
 */
export function phasesOf(kind: RoundKind, mode: StudyMode): readonly Phase[] {
  const row = ROUND_PHASES.find((candidate) => candidate.mode === mode && candidate.kinds.includes(kind));
  if (!row) throw new RangeError(`no phases for ${kind} in ${mode} mode`);
  return row.phases;
}

/** Facts of one round, by hospital; closes by phase. */
export type RoundFacts = Readonly<{
  round: Round;
  joins: ReadonlyMap<Msp, Join>;
  contributions: ReadonlyMap<Msp, Contribution>;
  /** Private mode. */
  reveals: ReadonlyMap<Msp, Reveal>;
  attestations: ReadonlyMap<Msp, Attestation>;
  closes: ReadonlyMap<Phase, Close>;
}>;

type Recorded = Readonly<{ has(msp: Msp): boolean }>;

/** What the state of a round follows from: who joined and who contributed, and what was attested and closed. */
export type PhaseFacts = Readonly<{
  round: Round;
  joins: Recorded;
  contributions: Recorded;
  /** Left out by those who do not ask whether unmasking is complete: an attestation may come before. */
  reveals?: ReadonlyMap<Msp, Reveal>;
  attestations: ReadonlyMap<Msp, Attestation>;
  closes: ReadonlyMap<Phase, Close>;
}>;

/** Members that attested one outcome, in byte order. */
export type Agreement = Readonly<{ outcome: Outcome; members: readonly Msp[] }>;

export type RoundState = Readonly<{
  /** The phase that the round is in. `agreed`: t equal attestations; `aborted`: a close with a reason. */
  stage: Phase | 'agreed' | 'aborted';
  /** R, in byte order, once joining is over. */
  roster?: readonly Msp[];
  /** U, in byte order, once contributing is over: fixed once, for ever. */
  survivors?: readonly Msp[];
  agreement?: Agreement;
  abort?: Readonly<{ phase: Phase; reason: AbortReason | NoVersionReason | SealedReason }>;
}>;

/** What the facts say, and nothing else: completeness is derived, only closes are written. */
export function deriveRound(protocol: Pick<StudyProtocol, 'members' | 'mode'>, facts: PhaseFacts): RoundState {
  const { round, closes } = facts;
  const phases = phasesOf(round.kind, protocol.mode);
  for (const phase of phases) {
    const close = closes.get(phase);
    if (close?.abort) return { ...reached(facts, phases), stage: 'aborted', abort: { phase, reason: close.abort } };
  }
  const known = reached(facts, phases);
  if (phases.includes('joining') && !known.roster) return { ...known, stage: 'joining' };
  if (phases.includes('contributing') && !known.survivors) return { ...known, stage: 'contributing' };
  const agreement = agreementOf(facts.attestations, majority(protocol));
  if (!agreement) return { ...known, stage: isMasked(protocol, facts, phases, known) ? 'unmasking' : 'attesting' };
  if (agreement.outcome.kind !== 'version')
    return { ...known, agreement, stage: 'aborted', abort: { phase: 'attesting', reason: agreement.outcome.reason } };
  return { ...known, agreement, stage: 'agreed' };
}

/** Whether shares are still to come that the sum cannot be opened without. */
function isMasked(
  protocol: Pick<StudyProtocol, 'members'>,
  { round, reveals }: PhaseFacts,
  phases: readonly Phase[],
  { roster }: Pick<RoundState, 'roster'>,
): boolean {
  if (!phases.includes('unmasking') || !roster || !reveals) return false;
  if (roster.some((msp) => isUnopenable(protocol, round, reveals, msp))) return false;
  return roster.some((msp) => sharesRevealed(round, reveals, msp) < majority(protocol));
}

/** How many holders revealed a share of this hospital's secret; the chaincode took those alone that match the join's hashes. */
export function sharesRevealed(round: Pick<Round, 'available'>, reveals: ReadonlyMap<Msp, Reveal>, of: Msp): number {
  return [...reveals.values()].filter((reveal) => shareOf(round, reveal, of) !== undefined).length;
}

/**
 * Whether so many holders could not open a dealer's boxes that t shares cannot come together any more.
 * @param dealer of the roster: of each such hospital a reveal tells its share, or that its box could not be opened
 */
export function isUnopenable(
  protocol: Pick<StudyProtocol, 'members'>,
  round: Pick<Round, 'shareKeys' | 'available'>,
  reveals: ReadonlyMap<Msp, Reveal>,
  dealer: Msp,
): boolean {
  const holders = round.shareKeys?.length ?? 0;
  const failed = reveals.size - sharesRevealed(round, reveals, dealer);
  return holders - failed < majority(protocol);
}

function reached(facts: PhaseFacts, phases: readonly Phase[]): { roster?: readonly Msp[]; survivors?: readonly Msp[] } {
  if (!phases.includes('joining')) return {};
  const roster = complete(facts.round.available, facts.joins, facts.closes.get('joining'));
  if (!roster) return {};
  const survivors = complete(roster, facts.contributions, facts.closes.get('contributing'));
  return survivors ? { roster, survivors } : { roster };
}

function complete(expected: readonly Msp[], facts: Recorded, close: Close | undefined): readonly Msp[] | undefined {
  if (close) return close.found;
  return expected.every((msp) => facts.has(msp)) ? expected : undefined;
}

/**
 * When a phase may be closed: its deadline in the round's record, or its length after the phase before it was over, if
 * that is later. So a joining phase that had to wait for its quorum takes no time from contributing.
 */
export function closableFrom(
  protocol: Pick<StudyProtocol, 'deadlines'>,
  facts: Pick<RoundFacts, 'round' | 'joins' | 'contributions' | 'closes'>,
  phase: Phase,
): Instant {
  const { joinBy, contributeBy, unmaskBy, attestBy } = facts.round.deadlines;
  const { contributeMs, finishMs } = protocol.deadlines;
  switch (phase) {
    case 'joining':
      return joinBy;
    case 'contributing':
      return Math.max(contributeBy, overSince(facts.joins, facts.closes.get('joining')) + contributeMs);
    case 'unmasking':
      return Math.max(unmaskBy, overSince(facts.contributions, facts.closes.get('contributing')) + finishMs);
    case 'attesting':
      return Math.max(attestBy, overSince(facts.contributions, facts.closes.get('contributing')) + finishMs);
  }
}

function overSince(facts: ReadonlyMap<Msp, Readonly<{ at: Instant }>>, close: Close | undefined): Instant {
  return close?.at ?? Math.max(0, ...[...facts.values()].map(({ at }) => at));
}

/** The outcome that at least `needed` members attested, equal in everything. */
export function agreementOf(attestations: ReadonlyMap<Msp, Attestation>, needed: number): Agreement | undefined {
  return outcomeCamps(attestations).find(({ members }) => members.length >= needed);
}

/** Members by the outcome that they attested, the largest camp first. */
export function outcomeCamps(attestations: ReadonlyMap<Msp, Attestation>): Agreement[] {
  const camps = new Map<string, { outcome: Outcome; members: Msp[] }>();
  for (const [msp, { outcome }] of [...attestations].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const key = canonicalJson(outcome);
    const camp = camps.get(key) ?? { outcome, members: [] };
    camp.members.push(msp);
    camps.set(key, camp);
  }
  return [...camps.values()].sort((a, b) => b.members.length - a.members.length);
}

/** Whether no outcome can reach t any more: the largest camp and all that have not attested are fewer. */
export function isDisputed(
  protocol: Pick<StudyProtocol, 'members'>,
  attestations: ReadonlyMap<Msp, Attestation>,
): boolean {
  const largest = outcomeCamps(attestations)[0]?.members.length ?? 0;
  return largest + (protocol.members.length - attestations.size) < majority(protocol);
}

/** The order in which members open and close: by SHA-256(study ‖ round ‖ step ‖ MSP). The first waits for nobody. */
export function rankedMembers(members: readonly Msp[], study: string, round: number, step: string): Msp[] {
  return members
    .map((msp) => ({ msp, hash: sha256Hex([study, String(round), step, msp].join('\n')) }))
    .sort((a, b) => (a.hash < b.hash ? -1 : 1))
    .map(({ msp }) => msp);
}
