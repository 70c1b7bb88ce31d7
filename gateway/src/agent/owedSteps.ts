/**
 * The agent's mind: what it owes now, from what its mirror of the ledger says, what it knows itself, and the time. A pure
 * function, so that a restarted agent comes to the same answer, and so that a simulation can ask it.
 */
import { type Msp, rankedMembers } from '@consilium/domain';
import type { Knowledge } from './knowledge.js';
import { owedFacts, owedRemovals, owedReport } from './owedFacts.js';
import { owedTurns, type Turn } from './owedTurns.js';
import { forgettingOwed, owedReveals } from './privateRounds.js';
import { type Step, stepKey } from './step.js';
import type { StudyView } from './studyView.js';

export type Moment = Readonly<{
  /** Milliseconds since 1970: what deadlines are compared with. */
  wall: number;
  /** Milliseconds that only go forward: what ranks wait by. */
  monotonic: number;
  /** What each rank waits longer than the one before. */
  staggerMs: number;
  /** When this agent first saw a step due that others may take, on the monotonic clock, by step key. */
  dueSince: ReadonlyMap<string, number>;
}>;

export type Owed = Readonly<{
  steps: readonly Step[];
  /** What to hand in again as `dueSince`. */
  dueSince: ReadonlyMap<string, number>;
  /** In how many milliseconds something may fall due although nothing has happened; undefined: never. */
  wakeInMs: number | undefined;
}>;

const NOTHING: Owed = { steps: [], dueSince: new Map(), wakeInMs: undefined };

export function owedSteps(view: StudyView, know: Knowledge, moment: Moment): Owed {
  if (!view.version.protocol.members.includes(know.msp)) return NOTHING;
  const steps = [
    ...owedReport(view, know),
    ...(view.isCarried('end') ? [...owedRemovals(view, know), ...forgettingOwed(view, know)] : owedFacts(view, know)),
  ];
  const dueSince = new Map<string, number>();
  const waits: number[] = [];
  for (const turn of [...owedTurns(view), ...owedReveals(view, know)]) {
    const key = stepKey(turn.step);
    const early = (turn.dueAt ?? moment.wall) - moment.wall;
    if (early > 0) {
      waits.push(early);
      continue;
    }
    const since = moment.dueSince.get(key) ?? moment.monotonic;
    dueSince.set(key, since);
    const left = since + waitOf(turn, know.msp, moment.staggerMs) - moment.monotonic;
    if (left <= 0) steps.push(turn.step);
    else waits.push(left);
  }
  return { steps, dueSince, wakeInMs: waits.length > 0 ? Math.min(...waits) : undefined };
}

function waitOf({ members, rankedFor, step, graceMs, atOnce = 1 }: Turn, msp: Msp, staggerMs: number): number {
  const rank = rankedMembers(members, step.study, step.round, rankedFor).indexOf(msp);
  return graceMs + Math.max(0, rank - atOnce + 1) * staggerMs;
}
