/** What is on file of patients, as officers and exports read it. */
import {
  type ConsentBatch,
  type ConsentEvent,
  type ConsentRef,
  effectiveConsent,
  ledgerKey,
  type Msp,
  refusal,
} from '@consilium/domain';
import type { Clock } from '../agent/ports.js';
import type { ConsentEnds, EndRow } from './consentEnds.js';
import { type ConsentEvents, inputOf, type KeptEvent, opened } from './consentEvents.js';
import type { ConsentLedger } from './consentPorts.js';
import type { Ended, LedgerPlace, Page, StoredEvent, Who, Withdrawal, WithdrawalsAsked } from './consentTypes.js';
import type { PatientRecord, PatientRecords } from './patientRecords.js';

export type HistoryParts = Readonly<{
  msp: Msp;
  ledger: ConsentLedger;
  records: PatientRecords;
  events: ConsentEvents;
  ends: ConsentEnds;
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

  /** What ended or became less, in the order in which it took effect here: by an event, or by a consent's own terms. */
  withdrawals(asked: WithdrawalsAsked): Page<Withdrawal> {
    const { ends, records, clock } = this.#parts;
    const { from = 0, to = Number.MAX_SAFE_INTEGER, ended, cursor, items } = asked;
    const bounds = { from, to, ended, now: clock.now() };
    const { rows, next } = ends.page(bounds, cursor, items);
    const shown = rows.flatMap((row): Withdrawal[] => {
      const record = records.byRef(row.ref);
      return record ? [this.#ended(record, row)] : [];
    });
    return { items: shown, cursor: next, total: ends.total(bounds) };
  }

  /** One of them. @throws ConsiliumError CONSENT_RECORD_UNKNOWN, also where the event ended nothing like that */
  withdrawal(ref: ConsentRef, seq: number, ended: Ended): Withdrawal {
    const { ends, clock } = this.#parts;
    const record = this.record({ ref });
    const row = ends.of(ref, seq, ended, clock.now());
    if (!row) throw refusal('CONSENT_RECORD_UNKNOWN', {});
    return this.#ended(record, row);
  }

  #ended(record: PatientRecord, row: EndRow): Withdrawal {
    const kept = opened(record, row);
    const { seq, content, reason, state } = kept;
    const { ref, ended, took: effectiveHereAt } = row;
    return { ended, ref, seq, kind: content.kind, reason, effectiveHereAt, state, ledger: this.#placeOf(ref, kept) };
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
      ledger: this.#placeOf(record.ref, kept),
      batch,
    };
  }

  #recordedAt(ref: ConsentRef, event: KeptEvent): number {
    if (event.restricts) return event.at;
    return this.#placeOf(ref, event)?.recordedAt ?? event.at;
  }

  /** Of an event that stays at home, the place of its batch's root. */
  #placeOf(ref: ConsentRef, { seq, state, batch }: KeptEvent): LedgerPlace | null {
    const { ledger, msp } = this.#parts;
    if (state === 'refused' || (batch !== null && state !== 'committed')) return null;
    const key = batch === null ? ledgerKey.consent(msp, ref, seq) : ledgerKey.consentRoot(msp, batch);
    const value = ledger.get(key) as Pick<ConsentEvent | ConsentBatch, 'recordedAt'> | undefined;
    const place = value && ledger.recordOf(key);
    return place ? { ...place, recordedAt: value.recordedAt } : null;
  }
}
