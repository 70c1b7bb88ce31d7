/**
 * What was in force of a patient's record, on two axes of time: `effectiveAt`, the instant that is asked about, and `knownAt`,
 * the instant at whose knowledge the answer stands. Later events never change what was known earlier.
 */
import { type ConsentEvent, ENDING_KINDS } from './consent.js';
import type { Instant } from './ids.js';

/** What of an event places it. */
export type PlacedInTime = Pick<ConsentEvent, 'seq' | 'kind' | 'effectiveFrom' | 'recordedAt'>;

export type AsOf = Readonly<{ effectiveAt: Instant; knownAt: Instant }>;

/** When an event takes effect: what ends consents, at the earlier of its date and its recording, and never later. */
export function takesEffectAt({ kind, effectiveFrom, recordedAt }: PlacedInTime): Instant {
  return endsConsent(kind) ? Math.min(effectiveFrom, recordedAt) : effectiveFrom;
}

export function endsConsent(kind: ConsentEvent['kind']): boolean {
  return (ENDING_KINDS as readonly ConsentEvent['kind'][]).includes(kind);
}

/**
 * The event in force; undefined: nothing is on file. Whether its terms are valid then is for `matchConsent`.
 * @param events of one record, each `seq` once, in any order: a record's events stand in blocks in the order of `seq`
 */
export function effectiveConsent<Event extends PlacedInTime>(
  events: readonly Event[],
  { effectiveAt, knownAt }: AsOf,
): Event | undefined {
  const known = events.filter((event) => event.recordedAt <= knownAt && takesEffectAt(event) <= effectiveAt);
  let current: Event | undefined;
  for (const event of known.toSorted((a, b) => a.seq - b.seq)) {
    // A grant that is dated before an end that was recorded earlier is older than it: it does not bring back what ended.
    const isOlder =
      current && endsConsent(current.kind) && !endsConsent(event.kind) && takesEffectAt(event) < takesEffectAt(current);
    if (!isOlder) current = event;
  }
  return current;
}
