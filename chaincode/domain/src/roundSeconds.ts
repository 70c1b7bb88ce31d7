/**
 * Where the time of a round went. On one host there is one monotonic clock, so whoever reads the timings of all hospitals
 * can add them up: for each phase, `ready` is when its last hospital had its fact in hand, `seen` when the last hospital
 * saw the phase over. From ready to seen the round waits for the ledger; from seen to the next ready, for the hospital
 * that was ready last.
 */
import { z } from 'zod';
import { Msp, RoundNumber, StudyId } from './ids.js';

/** Milliseconds of the host's monotonic clock. */
const Moment = z.number().min(0);

export const TimedPhase = z.enum(['opening', 'joining', 'contributing', 'unmasking', 'attesting']);
export type TimedPhase = z.infer<typeof TimedPhase>;

export const TimedWork = z.enum(['training', 'exchange', 'aggregation']);
export type TimedWork = z.infer<typeof TimedWork>;

/** One hospital's times of one round. */
export const HospitalTimings = z.strictObject({
  study: StudyId,
  round: RoundNumber,
  msp: Msp,
  phases: z.partialRecord(
    TimedPhase,
    z.strictObject({
      /** When this hospital had in hand what it sent for the phase: a fact, or the opening. */
      readyAt: Moment.optional(),
      /** When this hospital saw the phase over. */
      seenAt: Moment.optional(),
    }),
  ),
  spans: z.array(z.strictObject({ work: TimedWork, from: Moment, to: Moment })),
});
export type HospitalTimings = z.infer<typeof HospitalTimings>;

/** The parts add up to the total. */
export const RoundSeconds = z.strictObject({
  total: z.number().min(0),
  training: z.number().min(0),
  ledger: z.number().min(0),
  exchange: z.number().min(0),
  aggregation: z.number().min(0),
  /** What is none of them; below zero only by the rounding of a sum. */
  other: z.number(),
});
export type RoundSeconds = z.infer<typeof RoundSeconds>;

/** A phase on the critical path: who was ready last, when, and when the last hospital saw it over. */
type Passage = Readonly<{ last: HospitalTimings; readyAt: number; seenAt: number }>;

/**
 * @param hospitals timings of one round on one host, of all hospitals that have some
 * @param attestationsNeeded t: how many equal attestations end the attesting phase
 * @returns undefined where no hospital has seen the round attested
 */
export function roundSeconds(
  hospitals: readonly HospitalTimings[],
  attestationsNeeded: number,
): RoundSeconds | undefined {
  const passages = TimedPhase.options.flatMap((phase) => {
    const passage = passageOf(hospitals, phase, attestationsNeeded);
    return passage ? [{ phase, ...passage }] : [];
  });
  const first = passages[0];
  if (!first || passages.at(-1)?.phase !== 'attesting') return undefined;
  const spent: Record<TimedWork | 'ledger', number> = { training: 0, exchange: 0, aggregation: 0, ledger: 0 };
  let at = Math.min(first.readyAt, first.seenAt);
  const start = at;
  for (const { last, readyAt, seenAt } of passages) {
    if (readyAt > at) {
      for (const [work, ms] of workWithin(last, at, readyAt)) spent[work] += ms;
      at = readyAt;
    }
    if (seenAt > at) {
      spent.ledger += seenAt - at;
      at = seenAt;
    }
  }
  const total = (at - start) / 1_000;
  const training = spent.training / 1_000;
  const ledger = spent.ledger / 1_000;
  const exchange = spent.exchange / 1_000;
  const aggregation = spent.aggregation / 1_000;
  return { total, training, ledger, exchange, aggregation, other: total - training - ledger - exchange - aggregation };
}

function passageOf(hospitals: readonly HospitalTimings[], phase: TimedPhase, needed: number): Passage | undefined {
  const seen = whoMustSee(hospitals, phase).flatMap((hospital) => hospital.phases[phase]?.seenAt ?? []);
  if (seen.length === 0) return undefined;
  const seenFirst = Math.min(...seen);
  const seenAt = Math.max(...seen);
  // What was in hand only after somebody saw the phase over did not end it.
  const ready = hospitals
    .flatMap((hospital) => {
      const readyAt = hospital.phases[phase]?.readyAt;
      return readyAt !== undefined && readyAt <= seenFirst ? [{ last: hospital, readyAt }] : [];
    })
    .sort((a, b) => a.readyAt - b.readyAt);
  const last = (phase === 'attesting' ? ready[needed - 1] : undefined) ?? ready.at(-1);
  if (last) return { ...last, seenAt };
  // Nobody remembers having sent it: a gateway was restarted. The phase then took no ledger time that is known of.
  return { last: hospitals[0] as HospitalTimings, readyAt: seenFirst, seenAt };
}

/** Those who go on from the phase: a hospital that left the round, or slept through it, holds up nobody. */
function whoMustSee(hospitals: readonly HospitalTimings[], phase: TimedPhase): readonly HospitalTimings[] {
  const following = TimedPhase.options.slice(TimedPhase.options.indexOf(phase) + 1);
  const next = following.find((later) => hospitals.some((hospital) => hospital.phases[later]?.readyAt !== undefined));
  const going = hospitals.filter((hospital) => hospital.phases[next ?? phase]?.readyAt !== undefined);
  return going.length > 0 ? going : hospitals;
}

/** A hospital's work within `[from, to)`: what overlaps counts once, for the work that is named first in `TimedWork`. */
function workWithin(hospital: HospitalTimings, from: number, to: number): Map<TimedWork, number> {
  const cuts = [from, to, ...hospital.spans.flatMap((span) => [span.from, span.to])]
    .filter((moment) => moment >= from && moment <= to)
    .sort((a, b) => a - b);
  const spent = new Map<TimedWork, number>();
  for (const [k, start] of cuts.entries()) {
    const end = cuts[k + 1];
    if (end === undefined || end === start) continue;
    const work = TimedWork.options.find((candidate) =>
      hospital.spans.some((span) => span.work === candidate && span.from <= start && span.to >= end),
    );
    if (work) spent.set(work, (spent.get(work) ?? 0) + end - start);
  }
  return spent;
}
