/** What a patient allows at this moment: the stricter of what stands on the channel and what was recorded here. */
import type { ConsentContent, ConsentRef, ConsentSalt } from '@consilium/domain';
import type { KeptEvent } from './consentEvents.js';
import { BARRED, type PatientRecord } from './patientRecords.js';

/** One content that must allow; undefined: nothing is on file. */
export type MustAllow = Readonly<{ content: ConsentContent | undefined; optedOutAt: number | undefined }>;

export type Standing = Readonly<{
  ref: ConsentRef;
  patient: string;
  salt: ConsentSalt;
  /** All of them must allow: what is in force, and what waits for the channel and may be less. */
  must: readonly MustAllow[];
  /** Why nothing is allowed, whatever the contents say. */
  barred: string | undefined;
  /** The last event that is in force here; undefined: none. */
  last: KeptEvent | undefined;
}>;

/** What the channel knows of a record and the store does not. */
export type LedgerAhead = Readonly<{ erased: boolean; eventsUnknown: boolean; batchUnknown: boolean }>;

/**
 * A grant acts once it is committed; what makes less allowed acts at once. Each later event says everything anew, so of the
 * committed ones the last one counts.
 */
export function standingOf(record: PatientRecord, events: readonly KeptEvent[], ahead: LedgerAhead): Standing {
  const { ref, patient, salt } = record;
  const base = events.findLast(({ state }) => state === 'committed');
  const waiting = events.filter(({ state, seq }) => state === 'waiting' && seq > (base?.seq ?? -1));
  const must = [base, ...waiting.filter(({ content }) => content.kind !== 'opt-in')].map(mustAllow);
  const last = waiting.findLast(({ restricts }) => restricts) ?? base;
  return { ref, patient, salt, must, barred: barredBy(record, ahead), last };
}

function mustAllow(event: KeptEvent | undefined): MustAllow {
  if (!event) return { content: undefined, optedOutAt: undefined };
  const { content } = event;
  return { content, optedOutAt: content.kind === 'opt-out' ? content.effectiveFrom : undefined };
}

function barredBy({ barred }: PatientRecord, ahead: LedgerAhead): string | undefined {
  if (ahead.erased || barred === BARRED.erasing) return 'this record is erased';
  if (barred === BARRED.restrictionRefused) return 'a withdrawal was recorded here that the channel refused';
  if (ahead.eventsUnknown) return 'the channel holds a later event of this record, whose content is not here';
  if (ahead.batchUnknown) return 'the channel holds a later batch that restricts, whose events are not here';
  return undefined;
}
