/** Only deadlines and aborts write that a phase is over. A close reads all facts, so of a fact and a close exactly one wins. */
import {
  type AbortReason,
  type Close,
  closableFrom,
  deriveRound,
  isDifferencing,
  isDisputed,
  type Msp,
  type Phase,
  phasesOf,
  quorum,
  type RoundFacts,
  type RoundState,
  refusal,
  type StudyProtocol,
  type Vote,
} from '@consilium/domain';
import { requirePhase } from './facts.js';
import { requireMember } from './members.js';
import type { Asked } from './permissions.js';
import { type Decision, write } from './records.js';
import { isCarried } from './votes.js';

/**
 * @throws ConsiliumError NOT_A_MEMBER, PHASE_NOT_REACHED, PHASE_CLOSED, NOTHING_TO_CLOSE (all have recorded their fact),
 *   DEADLINE_NOT_REACHED, CLOSE_BELOW_QUORUM (too few joined: the phase waits for them)
 */
export function closePhase(
  { command, caller, at }: Asked<'RoundContract:closePhase'>,
  { protocol, facts }: Readonly<{ protocol: StudyProtocol; facts: RoundFacts }>,
): Decision {
  const { study, round: number, phase } = command;
  requireMember(study, protocol.members, caller.msp);
  const state = deriveRound(protocol, facts);
  requireOpen(protocol, facts, state, phase);
  requirePhase(phase, facts.round, state);
  const deadline = closableFrom(protocol, facts, phase);
  if (at < deadline)
    throw refusal('DEADLINE_NOT_REACHED', { phase, round: number, deadline: new Date(deadline).toISOString() });
  const found = foundIn(phase, facts);
  const [needed, tooFew] = [quorum(protocol), found.length < quorum(protocol)];
  if (phase === 'joining' && tooFew)
    throw refusal('CLOSE_BELOW_QUORUM', { round: number, needed, found: found.length });
  return closed(facts, phase, abortOf(phase, tooFew), caller.msp, at);
}

/** A phase that nothing remains to be said in: complete by its facts, or closed. */
function requireOpen(protocol: StudyProtocol, facts: RoundFacts, state: RoundState, phase: Phase): void {
  const { round, kind } = facts.round;
  const phases: readonly string[] = phasesOf(kind, protocol.mode);
  if (!phases.includes(phase) || state.stage === 'aborted' || facts.closes.has(phase))
    throw refusal('PHASE_CLOSED', { phase, round });
  const isOver = state.stage === 'agreed' || phases.indexOf(state.stage) > phases.indexOf(phase);
  if (isOver) throw refusal('NOTHING_TO_CLOSE', { phase, round });
}

function abortOf(phase: Phase, tooFew: boolean): AbortReason | null {
  if (phase === 'attesting') return 'TOO_FEW_ATTESTATIONS';
  if (phase === 'unmasking') return 'TOO_FEW_SHARES';
  return phase === 'contributing' && tooFew ? 'TOO_FEW_CONTRIBUTIONS' : null;
}

/**
 * Before its deadline a round is aborted where no outcome can reach t any more, where its sum must not be opened beside
 * another one, or by vote: `abort~n`, or `end`.
 * @throws ConsiliumError NOT_A_MEMBER, PHASE_CLOSED (aborted already), NOTHING_TO_CLOSE (agreed), ABORT_NOT_DUE
 */
export function abortRound(
  { command, caller, at }: Asked<'RoundContract:abortRound'>,
  {
    protocol,
    facts,
    votes,
  }: Readonly<{
    protocol: StudyProtocol;
    facts: RoundFacts;
    votes: Readonly<{ abort: readonly Vote[]; end: readonly Vote[] }>;
  }>,
): Decision {
  const { study, round: number } = command;
  requireMember(study, protocol.members, caller.msp);
  const { stage, survivors = [] } = deriveRound(protocol, facts);
  if (stage === 'aborted') throw refusal('PHASE_CLOSED', { phase: 'attesting', round: number });
  if (stage === 'agreed') throw refusal('NOTHING_TO_CLOSE', { phase: 'attesting', round: number });
  if (isCarried(protocol, votes.abort) || isCarried(protocol, votes.end))
    return closed(facts, stage, 'VOTED', caller.msp, at);
  if (stage === 'unmasking' && isDifferencing(facts.round, survivors))
    return closed(facts, stage, 'DIFFERENCING', caller.msp, at);
  if ((stage === 'unmasking' || stage === 'attesting') && isDisputed(protocol, facts.attestations))
    return closed(facts, stage, 'DISPUTED', caller.msp, at);
  throw refusal('ABORT_NOT_DUE', { round: number });
}

function closed(facts: RoundFacts, phase: Phase, abort: AbortReason | null, closedBy: Msp, at: number): Decision {
  const { study, round } = facts.round;
  const record: Close = { study, round, phase, found: foundIn(phase, facts), abort, closedBy, at };
  return { record, writes: [write.close(record)] };
}

/** Who has recorded the fact of a phase, in byte order. */
function foundIn(phase: Phase, { joins, contributions, reveals, attestations }: RoundFacts): Msp[] {
  switch (phase) {
    case 'joining':
      return [...joins.keys()].sort();
    case 'contributing':
      return [...contributions.keys()].sort();
    case 'unmasking':
      return [...reveals.keys()].sort();
    case 'attesting':
      return [...attestations.keys()].sort();
  }
}
