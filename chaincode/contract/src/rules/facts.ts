/** What all facts of a round have in common: one for each hospital and kind, recorded once, in its phase. */
import { canonicalJson, type Msp, type Phase, type Round, type RoundState, refusal } from '@consilium/domain';
import { type Decision, standing, type Write } from './records.js';

const ORDER: readonly string[] = ['joining', 'contributing', 'unmasking', 'attesting'] satisfies Phase[];

/**
 * Accepts a fact in its own phase only.
 * @throws ConsiliumError PHASE_NOT_REACHED, PHASE_CLOSED
 */
export function requirePhase(phase: Phase, round: Round, { stage }: RoundState): void {
  if (stage === phase) return;
  const before = ORDER.includes(stage) && ORDER.indexOf(stage) < ORDER.indexOf(phase);
  if (before) throw refusal('PHASE_NOT_REACHED', { phase, round: round.round, stage });
  throw refusal('PHASE_CLOSED', { phase, round: round.round });
}

/**
 * The same content again is success and writes nothing, so that an agent may send a fact until it is committed.
 * @throws ConsiliumError FACT_CHANGED
 */
export function requireSame<T extends Readonly<{ msp: Msp; round: number }>>(fact: string, own: T, again: T): Decision {
  if (withoutTime(own) === withoutTime(again)) return standing(own);
  throw refusal('FACT_CHANGED', { msp: own.msp, fact, round: own.round });
}

function withoutTime(fact: object): string {
  return canonicalJson({ ...fact, at: undefined, reportedAt: undefined });
}

/** A fact that is recorded now. */
export function recorded<T>(record: T, toWrite: (record: T) => Write): Decision {
  return { record, writes: [toWrite(record)] };
}
