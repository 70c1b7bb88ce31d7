/** What any member may do, and one is enough: opening, closing, aborting, recording. Members take it by rank. */
import { closableFrom, isDifferencing, isDisputed, type Msp, Phase, quorum, tenDigits } from '@consilium/domain';
import type { Step } from './step.js';
import { isOver, type RoundView, type StudyView } from './studyView.js';
import { whatFollows } from './whatFollows.js';

/** Members that are up register within this time of a study's approval: the first round is not opened before, unless all have. */
export const REGISTRATION_GRACE_MS = 5_000;

export type Turn = Readonly<{
  step: Step;
  /** From when on it is due, by the hospital's clock in milliseconds since 1970; absent: now. */
  dueAt?: number;
  /** What even the first in rank waits, from when it saw the step due. */
  graceMs: number;
  members: readonly Msp[];
  /** What the ranks are drawn for. */
  rankedFor: string;
  /** How many of the ranks go at once; absent: the first alone. */
  atOnce?: number;
}>;

export function owedTurns(view: StudyView): Turn[] {
  if (!view.active) return [];
  const { newest } = view;
  return newest && !isOver(newest) ? turnsOfRunning(view, newest) : turnsAfter(view);
}

function turnsOfRunning(view: StudyView, round: RoundView): Turn[] {
  const about = { study: view.study, round: round.number };
  const turn = { graceMs: 0, members: round.protocol.members };
  if (isHopeless(view, round)) return [{ ...turn, step: { name: 'abortRound', ...about }, rankedFor: 'abort' }];
  const { protocol, facts, state } = round;
  const phase = Phase.safeParse(state.stage).data;
  // Joining waits for a quorum, however long it takes.
  if (!phase || (phase === 'joining' && facts.joins.size < quorum(protocol))) return [];
  const dueAt = closableFrom(protocol, facts, phase);
  return [{ ...turn, step: { name: 'closePhase', ...about, phase }, dueAt, rankedFor: phase }];
}

function isHopeless(view: StudyView, { number, protocol, facts, state }: RoundView): boolean {
  if (view.isCarried('end') || view.isCarried(`abort~${tenDigits(number)}`)) return true;
  if (state.stage !== 'unmasking' && state.stage !== 'attesting') return false;
  if (state.stage === 'unmasking' && isDifferencing(facts.round, state.survivors ?? [])) return true;
  return isDisputed(protocol, facts.attestations);
}

function turnsAfter(view: StudyView): Turn[] {
  const following = whatFollows(view);
  const members = view.active?.protocol.members ?? [];
  const { study } = view;
  if (following.kind === 'round') {
    const { number, attestedBy } = following;
    const isComplete = number > 0 || members.every((msp) => view.registered.has(msp));
    const graceMs = isComplete ? 0 : REGISTRATION_GRACE_MS;
    const step = { name: 'openRound', study, round: number, attestedBy } as const;
    return [{ step, graceMs, members, rankedFor: 'opening' }];
  }
  if (following.kind === 'nothing' || !following.unrecorded) return [];
  const { number, attestedBy } = following.unrecorded;
  const step = { name: 'recordVersion', study, round: number, attestedBy } as const;
  return [{ step, graceMs: 0, members, rankedFor: 'recording' }];
}
