/** Standings of patients, kept in memory until something changes about them. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ConsentRef } from '@consilium/domain';
import type { ConsentEvents, KeptEvent } from './consentEvents.js';
import { PATIENTS_CACHED_MAX } from './consentLimits.js';
import type { HospitalPolicies } from './hospitalPolicies.js';
import type { PatientRecord, PatientRecords } from './patientRecords.js';
import { type Standing, standingOf } from './standing.js';

/** Records that are opened in one go: some milliseconds. */
const RECORDS_WARMED_AT_ONCE = 100;

/** Fewer are looked for one by one. */
const PATIENTS_EXPECTED_MIN = 1_000;

type Parts = Readonly<{
  records: PatientRecords;
  events: ConsentEvents;
  policies: HospitalPolicies;
  /** The last batch on the channel that restricts and is not here; -1: none. */
  batchUnknown(): number;
}>;

export class Standings {
  readonly #parts: Parts;
  readonly #byPatient = new Map<string, Standing>();
  readonly #patients = new Map<ConsentRef, string>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Of the patient's live record; undefined: there is none. */
  of(patient: string): Standing | undefined {
    const known = this.#byPatient.get(patient);
    if (known) return known;
    const record = this.#parts.records.live(patient);
    return record && this.#remember(this.assess(record));
  }

  /** Of a record, live or not; undefined: unknown or erased. */
  ofRef(ref: ConsentRef): Standing | undefined {
    const patient = this.#patients.get(ref);
    const known = patient === undefined ? undefined : this.#byPatient.get(patient);
    if (known?.ref === ref) return known;
    const record = this.#parts.records.byRef(ref);
    return record && this.assess(record);
  }

  assess(record: PatientRecord, all: readonly KeptEvent[] = this.#parts.events.of(record)): Standing {
    const { policies } = this.#parts;
    const { ref } = record;
    const kept = all.filter(({ state }) => state !== 'refused');
    const last = kept.at(-1);
    const batch = kept.findLast(({ state }) => state === 'committed')?.batch ?? -1;
    return standingOf(record, kept, {
      erased: policies.isErased(ref),
      eventsUnknown: policies.hasEvent(ref, (last?.content.seq ?? -1) + 1),
      batchUnknown: record.placement === 'roots' && batch < this.#parts.batchUnknown(),
    });
  }

  /**
   * Before so many patients are asked about: where few of them are in memory yet, and they are most of all, all are read in
   * the order in which they stand, which takes half as long as to look for each.
   */
  async expect(patients: number, signal?: AbortSignal): Promise<void> {
    if (patients < PATIENTS_EXPECTED_MIN || 2 * this.#byPatient.size > patients) return;
    if (2 * patients > this.#parts.records.total()) await this.warm(signal);
  }

  /**
   * Opens as many as are kept in memory, a few at a time, so that a selection need not.
   * @returns how many are in memory
   */
  async warm(signal?: AbortSignal): Promise<number> {
    const { records, events } = this.#parts;
    const isNew = (ref: ConsentRef) => !this.#patients.has(ref);
    let after: number | undefined = Number.MIN_SAFE_INTEGER;
    while (after !== undefined && this.#byPatient.size < PATIENTS_CACHED_MAX) {
      await nextTurn();
      if (signal?.aborted) break;
      const page: ReturnType<PatientRecords['some']> = records.some(after, RECORDS_WARMED_AT_ONCE, isNew);
      // Of a patient with several records, the last one that is read is the live one.
      const kept = events.ofMany(page.records);
      for (const [k, record] of page.records.entries()) this.#remember(this.assess(record, kept[k]));
      after = page.next;
    }
    return this.#byPatient.size;
  }

  /** Something changed about this record. */
  forget(ref: ConsentRef): void {
    const patient = this.#patients.get(ref);
    if (patient === undefined) return;
    this.#patients.delete(ref);
    this.#byPatient.delete(patient);
  }

  forgetAll(): void {
    this.#patients.clear();
    this.#byPatient.clear();
  }

  #remember(standing: Standing): Standing {
    if (this.#byPatient.size >= PATIENTS_CACHED_MAX) {
      const [oldest] = this.#patients.keys();
      this.forget(oldest as ConsentRef);
    }
    const older = this.#byPatient.get(standing.patient);
    if (older) this.#patients.delete(older.ref);
    this.#byPatient.set(standing.patient, standing);
    this.#patients.set(standing.ref, standing.patient);
    return standing;
  }
}
