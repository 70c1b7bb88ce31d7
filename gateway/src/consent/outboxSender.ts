/** Brings what waits to the channel, in order, and again until it is there. */
import {
  CONSENT_EVENTS_PER_TRANSACTION_MAX,
  type ConsentEventInput,
  type ConsentRef,
  refusal,
} from '@consilium/domain';
import { type Database, inTransaction } from '@consilium/sqlite';
import type { Clock, Log, Timers } from '../agent/ports.js';
import { CommandBytes } from './commandBytes.js';
import { type ConsentEvents, inputOf, type KeptEvent } from './consentEvents.js';
import {
  CONSENT_RETRY_MS_MAX,
  CONSENT_RETRY_MS_MIN,
  CONSENT_ROOT_EVENTS_MAX,
  CONSENT_SEND_MS_MAX,
  CONSENT_TRANSACTION_BYTES_MAX,
  PERSON_RETRY_MS,
  TRANSACTIONS_IN_FLIGHT_MAX,
} from './consentLimits.js';
import type { ConsentSender } from './consentPorts.js';
import type { HospitalPolicies } from './hospitalPolicies.js';
import { nextTransaction, type Taken } from './nextTransaction.js';
import { LANE, type Outbox, type Waiting } from './outbox.js';
import { BARRED, type PatientRecord, type PatientRecords } from './patientRecords.js';
import type { PrivateCopies } from './privateCopies.js';
import type { RootBatches } from './rootBatches.js';
import { codeOf, sendFailureOf } from './sendFailure.js';

export type OutboxSenderParts = Readonly<{
  database: Database;
  records: PatientRecords;
  events: ConsentEvents;
  outbox: Outbox;
  batches: RootBatches;
  policies: HospitalPolicies;
  copies: PrivateCopies;
  sender: ConsentSender;
  clock: Clock;
  timers: Timers;
  log: Log;
  /** Events of these records have a new state. */
  onSettled(refs: readonly ConsentRef[]): void;
}>;

type Sending = Readonly<{ row: Waiting; record: PatientRecord; event: KeptEvent; input: ConsentEventInput }>;

export class OutboxSender {
  readonly #parts: OutboxSenderParts;
  readonly #underWay = new Set<Promise<void>>();
  readonly #events = new Set<number>();
  readonly #refs = new Set<ConsentRef>();
  readonly #people = new Map<string, { until: number; code: string }>();
  readonly #settled = new Set<() => void>();
  #stopping = new AbortController();
  #urgent = false;
  #rooting = false;
  #failures = 0;
  #notBefore = 0;
  #cancelTimer: (() => void) | undefined;
  #started = false;

  constructor(parts: OutboxSenderParts) {
    this.#parts = parts;
  }

  start(): void {
    if (this.#started) return;
    this.#started = true;
    this.#stopping = new AbortController();
    this.poke();
  }

  /** Resolves once nothing is under way. What waits, waits for the next start. */
  async stop(): Promise<void> {
    this.#started = false;
    this.#cancelTimer?.();
    this.#stopping.abort(refusal('LEDGER_UNAVAILABLE', { reason: 'the gateway stops' }));
    await Promise.all(this.#underWay);
  }

  /** Something waits, or something changed about what waits. */
  poke(): void {
    if (!this.#started) return;
    const wait = this.#notBefore - this.#parts.clock.monotonic();
    if (wait > 0) {
      this.#later(wait);
      return;
    }
    while (this.#underWay.size < TRANSACTIONS_IN_FLIGHT_MAX && this.#started) if (!this.#begin()) break;
  }

  /** Whom a transaction was refused for, and how many events wait for it. */
  parked(): { person: string; code: string; events: number }[] {
    const { outbox, clock } = this.#parts;
    const now = clock.monotonic();
    return [...this.#people]
      .filter(([, { until }]) => until > now)
      .map(([person, { code }]) => ({ person, code, events: outbox.ofPerson(person) }));
  }

  inFlight(): number {
    return this.#events.size;
  }

  /** This person's identity may sign again, or another's name stands on what waits. */
  unpark(person: string): void {
    this.#people.delete(person);
    this.poke();
  }

  /** Calls back whenever events reached their fate. */
  onSettled(listener: () => void): () => void {
    this.#settled.add(listener);
    return () => this.#settled.delete(listener);
  }

  #later(ms: number): void {
    this.#cancelTimer?.();
    this.#cancelTimer = this.#parts.timers.after(ms, () => {
      this.#cancelTimer = undefined;
      this.poke();
    });
  }

  /** @returns whether a transaction was begun */
  #begin(): boolean {
    return this.#beginRoot() || this.#beginEvents();
  }

  #beginEvents(): boolean {
    const taken = this.#next('ledger', CONSENT_EVENTS_PER_TRANSACTION_MAX);
    if (!taken) return false;
    const sending = this.#opened(taken.rows);
    const fitting = sending.slice(0, CommandBytes.fitting(sending, CONSENT_TRANSACTION_BYTES_MAX));
    const urgent = fitting.some(({ event }) => event.restricts);
    this.#run({ ...taken, rows: fitting.map(({ row }) => row) }, urgent, () =>
      this.#sendEvents(taken.person, taken.lane, fitting),
    );
    return true;
  }

  #next(placement: 'ledger' | 'roots', eventsMax: number): Taken | undefined {
    const now = this.#parts.clock.monotonic();
    for (const [person, { until }] of this.#people) if (until <= now) this.#people.delete(person);
    const people = new Set(this.#people.keys());
    const busy = { refs: this.#refs, events: this.#events, people, urgent: this.#urgent };
    // Most often the first rows will do; where all of them have to wait, those behind them may not.
    for (let rowsMax = 2 * (eventsMax + this.#events.size); ; rowsMax *= 10) {
      const rows = this.#parts.outbox.rows(placement, rowsMax);
      const taken = nextTransaction(rows, busy, eventsMax);
      if (taken || rows.length < rowsMax) return taken;
    }
  }

  #run({ rows }: Taken, urgent: boolean, send: () => Promise<void>): void {
    for (const { event, ref } of rows) {
      this.#events.add(event);
      this.#refs.add(ref);
    }
    if (urgent) this.#urgent = true;
    this.#follow(send(), () => {
      for (const { event, ref } of rows) {
        this.#events.delete(event);
        this.#refs.delete(ref);
      }
      if (urgent) this.#urgent = false;
    });
  }

  #follow(sent: Promise<void>, release: () => void): void {
    const work = sent
      .then(
        () => {
          this.#failures = 0;
        },
        (error: unknown) => this.#failed(error),
      )
      .finally(() => {
        release();
        this.#underWay.delete(work);
        this.poke();
      });
    this.#underWay.add(work);
  }

  #failed(error: unknown): void {
    const { log, clock } = this.#parts;
    if (this.#stopping.signal.aborted) return;
    const again = sendFailureOf(error) === 'again';
    if (!again)
      log.warn({ code: codeOf(error), waiting: this.#parts.outbox.waiting() }, 'consents wait for the channel');
    const ms = again
      ? CONSENT_RETRY_MS_MIN
      : Math.min(CONSENT_RETRY_MS_MAX, CONSENT_RETRY_MS_MIN * 2 ** Math.min(this.#failures, 10));
    this.#failures += again ? 0 : 1;
    this.#notBefore = clock.monotonic() + ms;
  }

  /** A transaction that is refused for one of its events is sent in halves, until that event is found. */
  async #sendEvents(person: string, lane: number, sending: readonly Sending[]): Promise<void> {
    if (sending.length === 0) return;
    const { copies, sender } = this.#parts;
    await copies.keep(
      sending.map(({ record }) => record),
      this.#signal(),
    );
    const name =
      lane === LANE.urgent && sending.every(({ event }) => event.restricts) ? 'withdrawConsents' : 'recordConsents';
    try {
      const events = sending.map(({ input }) => input);
      await sender.send(person, `ConsentContract:${name}`, { events }, this.#signal());
    } catch (error) {
      const failure = sendFailureOf(error);
      if (failure === 'person') return this.#park(person, error);
      if (failure !== 'refused') throw error;
      if (sending.length === 1) return this.#refuse(sending[0] as Sending, codeOf(error));
      const half = Math.ceil(sending.length / 2);
      await this.#sendEvents(person, lane, sending.slice(0, half));
      const refused = this.#refusedRefs(sending.slice(0, half));
      await this.#sendEvents(
        person,
        lane,
        sending.slice(half).filter(({ record }) => !refused.has(record.ref)),
      );
      return;
    }
    this.#commit(sending.map(({ row }) => row));
  }

  #refusedRefs(sent: readonly Sending[]): ReadonlySet<ConsentRef> {
    const { events } = this.#parts;
    const refused = sent.filter(({ record, row }) => events.byId(record, row.event)?.state === 'refused');
    return new Set(refused.map(({ record }) => record.ref));
  }

  #commit(rows: readonly Waiting[]): void {
    const { database, events, outbox } = this.#parts;
    const ids = rows.map(({ event }) => event);
    inTransaction(database, () => {
      events.commit(ids);
      outbox.removeAll(ids);
    });
    this.#tell(rows.map(({ ref }) => ref));
  }

  /**
   * What the channel refuses never takes effect, where it allows; where it ends, the record is barred here: the patient's
   * word counts, whatever the channel thinks of its form.
   */
  #refuse({ row, record, event }: Sending, code: string): void {
    const { database, events, outbox, records, log } = this.#parts;
    const later = events.of(record).filter(({ state, seq }) => state === 'waiting' && seq >= event.seq);
    inTransaction(database, () => {
      events.refuse(row.ref, event.seq, code);
      for (const { id } of later) outbox.remove(id);
      if (later.some(({ restricts }) => restricts)) records.bar(row.ref, BARRED.restrictionRefused);
    });
    log.warn({ ref: row.ref, seq: event.seq, code }, 'the channel refused a consent event for good');
    this.#tell([row.ref]);
  }

  #park(person: string, error: unknown): void {
    const { log, clock } = this.#parts;
    this.#people.set(person, { until: clock.monotonic() + PERSON_RETRY_MS, code: codeOf(error) });
    log.warn({ person, code: codeOf(error) }, 'consents wait for someone who may sign them');
    this.#later(PERSON_RETRY_MS);
  }

  /** One root at a time: their numbers follow each other. */
  #beginRoot(): boolean {
    if (this.#rooting) return false;
    const { batches, database, outbox, events } = this.#parts;
    let batch = batches.waiting();
    if (!batch) {
      const taken = this.#next('roots', CONSENT_ROOT_EVENTS_MAX);
      if (!taken) return false;
      const opened = this.#opened(taken.rows);
      if (!opened[0]) return false;
      const { policyVersion } = opened[0].input;
      const members = opened.filter(({ input }) => input.policyVersion === policyVersion);
      const person = this.#steward(taken.person);
      batch = inTransaction(database, () => {
        const made = batches.make(
          members.map(({ row, input }) => ({ event: row.event, input })),
          policyVersion,
          members.some(({ event }) => event.restricts),
          person,
        );
        for (const { row } of members) {
          events.setBatch(row.event, made.number);
          outbox.remove(row.event);
        }
        return made;
      });
    }
    const { number, root, count, policyVersion, restricts, person } = batch;
    if (this.#people.has(person)) return false;
    this.#rooting = true;
    const send = async () => {
      const { copies, sender, records } = this.#parts;
      const refs = batches.refsOf(number);
      await copies.keep(
        refs.flatMap((ref) => records.byRef(ref) ?? []),
        this.#signal(),
      );
      const command = { batch: number, root, count, policyVersion, restricts };
      try {
        await sender.send(person, 'ConsentContract:recordConsentRoot', command, this.#signal());
      } catch (error) {
        if (sendFailureOf(error) === 'person') return this.#park(person, error);
        if (codeOf(error) === 'CONSENT_BATCH_NOT_NEXT') inTransaction(database, () => batches.renumber(number));
        throw error;
      }
      inTransaction(database, () => {
        events.commit(batches.eventsOf(number));
        batches.commit(number);
      });
      this.#tell(refs);
    };
    this.#follow(send(), () => {
      this.#rooting = false;
    });
    return true;
  }

  /** Roots are signed by data stewards alone. */
  #steward(person: string): string {
    return this.#parts.sender.steward ?? person;
  }

  /** What waits of a record that is gone waits for nothing. */
  #opened(rows: readonly Waiting[]): Sending[] {
    const { records, events, outbox } = this.#parts;
    return rows.flatMap((row) => {
      const record = records.byRef(row.ref);
      const event = record && events.byId(record, row.event);
      if (record && event) return [{ row, record, event, input: inputOf(event) }];
      outbox.remove(row.event);
      return [];
    });
  }

  #signal(): AbortSignal {
    return AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(CONSENT_SEND_MS_MAX)]);
  }

  #tell(refs: readonly ConsentRef[]): void {
    this.#parts.onSettled([...new Set(refs)]);
    for (const listener of [...this.#settled]) listener();
  }
}
