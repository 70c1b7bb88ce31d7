/** What is on file of patients, as officers and exports read it. */
import { type ConsentEvent, type ConsentRef, effectiveConsent, ledgerKey, type Msp, refusal } from '@consilium/domain';
import type { Clock } from '../agent/ports.js';
import { type ConsentEvents, inputOf, type KeptEvent, opened } from './consentEvents.js';
import type { ConsentLedger } from './consentPorts.js';
import type { Asked, LedgerPlace, Page, StoredEvent, Who, Withdrawal } from './consentTypes.js';
import { pageCursor } from './pageCursor.js';
import type { PatientRecord, PatientRecords } from './patientRecords.js';

export type HistoryParts = Readonly<{
  msp: Msp;
  ledger: ConsentLedger;
  records: PatientRecords;
  events: ConsentEvents;
  clock: Clock;
}>;

/** What was in force at an instant, as it was known at another. */
export type EffectiveConsent = Readonly<{
  ref: ConsentRef;
  effectiveAt: number;
  knownAt: number;
  event: StoredEvent | undefined;
}>;

export class PatientHistory {
  readonly #parts: HistoryParts;

  constructor(parts: HistoryParts) {
    this.#parts = parts;
  }

  /**
   * The record that is meant; of a patient, the newest one.
   * @throws ConsiliumError CONSENT_PATIENT_UNKNOWN, CONSENT_RECORD_UNKNOWN
   */
  record(who: Who): PatientRecord {
    const { records } = this.#parts;
    if ('patient' in who) {
      const record = records.live(who.patient);
      if (!record) throw refusal('CONSENT_PATIENT_UNKNOWN', {});
      return record;
    }
    const record = records.byRef(who.ref);
    if (!record) throw refusal('CONSENT_RECORD_UNKNOWN', {});
    return record;
  }

  /** In the order in which they were recorded, over all records of a patient; those that the channel refused too. */
  history(who: Who): StoredEvent[] {
    const { records } = this.#parts;
    const found = 'patient' in who ? records.refsOf(who.patient).flatMap((ref) => records.byRef(ref) ?? []) : [];
    const all = found.length > 0 ? found : [this.record(who)];
    return all.flatMap((record) => this.#parts.events.of(record).map((event) => this.#stored(record, event)));
  }

  /** One event; undefined: there is none of that number. */
  event(ref: ConsentRef, seq: number): StoredEvent | undefined {
    const record = this.#parts.records.byRef(ref);
    const kept = record && this.#parts.events.of(record).findLast((event) => event.seq === seq);
    return record && kept && this.#stored(record, kept);
  }

  /**
   * Of the patient's newest record: what was in force at `effectiveAt`, by what was known at `knownAt` (milliseconds since
   * 1970; both now where left out). What ends counts as known from its recording here.
   */
  effective(who: Who, asked: Readonly<{ effectiveAt?: number; knownAt?: number }> = {}): EffectiveConsent {
    const now = this.#parts.clock.now();
    const { effectiveAt = now, knownAt = effectiveAt } = asked;
    const record = this.record(who);
    const events = this.#parts.events.of(record).filter(({ state }) => state !== 'refused');
    const found = effectiveConsent(
      events.map((event) => ({ ...inputOf(event), recordedAt: this.#recordedAt(record.ref, event) })),
      { effectiveAt, knownAt },
    );
    const event = found && events.find(({ seq }) => seq === found.seq);
    return { ref: record.ref, effectiveAt, knownAt, event: event && this.#stored(record, event) };
  }

  /** What made less allowed, in the order of its recording here. */
  withdrawals(asked: Asked & Readonly<{ from?: number; to?: number }>): Page<Withdrawal> {
    const { events, records } = this.#parts;
    const { from = 0, to = Number.MAX_SAFE_INTEGER, cursor, items } = asked;
    const rows = events.restricting(from, to, pageCursor(cursor), items + 1);
    const shown = rows.slice(0, items).flatMap((row): Withdrawal[] => {
      const record = records.byRef(row.ref);
      if (!record) return [];
      const { id, seq, content, reason, at, state } = opened(record, row);
      const ledger = this.#placeOf(row.ref, seq);
      return [{ id, ref: row.ref, seq, kind: content.kind, reason, effectiveHereAt: at, state, ledger }];
    });
    const last = rows[items - 1];
    return {
      items: shown,
      cursor: rows.length > items && last ? String(last.id) : null,
      total: events.restrictingTotal(from, to),
    };
  }

  #stored(record: PatientRecord, kept: KeptEvent): StoredEvent {
    const { note, fhir, by } = this.#parts.events.extra(record, kept);
    const { content, seq, at, restricts, state, refusedWith, batch } = kept;
    return {
      ref: record.ref,
      seq,
      kind: content.kind,
      content,
      input: inputOf(kept),
      note,
      fhir,
      recordedBy: by,
      recordedHereAt: at,
      restricts,
      state,
      refusedWith,
      ledger: state === 'refused' ? null : this.#placeOf(record.ref, seq),
      batch,
    };
  }

  #recordedAt(ref: ConsentRef, { seq, at, restricts }: KeptEvent): number {
    if (restricts) return at;
    return this.#placeOf(ref, seq)?.recordedAt ?? at;
  }

  #placeOf(ref: ConsentRef, seq: number): LedgerPlace | null {
    const { ledger, msp } = this.#parts;
    const key = ledgerKey.consent(msp, ref, seq);
    const value = ledger.get(key) as ConsentEvent | undefined;
    const place = value && ledger.recordOf(key);
    return place ? { ...place, recordedAt: value.recordedAt } : null;
  }
}
