/** Sends waiting events as one transaction, and keeps what became of each. */
import type { ConsentEventInput, ConsentRef } from '@consilium/domain';
import { type Database, inTransaction } from '@consilium/sqlite';
import type { Log } from '../agent/ports.js';
import type { ConsentEnds } from './consentEnds.js';
import { type ConsentEvents, inputOf, type KeptEvent } from './consentEvents.js';
import type { ConsentSender } from './consentPorts.js';
import { LANE, type Outbox, type Waiting } from './outbox.js';
import { BARRED, type PatientRecord, type PatientRecords } from './patientRecords.js';
import type { PrivateCopies } from './privateCopies.js';
import { codeOf, sendFailureOf } from './sendFailure.js';

/** A waiting event, opened. */
export type Sending = Readonly<{ row: Waiting; record: PatientRecord; event: KeptEvent; input: ConsentEventInput }>;

export type EventSendingParts = Readonly<{
  database: Database;
  records: PatientRecords;
  events: ConsentEvents;
  ends: ConsentEnds;
  outbox: Outbox;
  copies: PrivateCopies;
  sender: ConsentSender;
  log: Log;
}>;

export class EventSending {
  readonly #parts: EventSendingParts;
  readonly #settled: (refs: readonly ConsentRef[]) => void;

  constructor(parts: EventSendingParts, settled: (refs: readonly ConsentRef[]) => void) {
    this.#parts = parts;
    this.#settled = settled;
  }

  /** What waits of a record that is gone waits for nothing. */
  open(rows: readonly Waiting[]): Sending[] {
    const { records, events, outbox } = this.#parts;
    return rows.flatMap((row) => {
      const record = records.byRef(row.ref);
      const event = record && events.byId(record, row.event);
      if (record && event) return [{ row, record, event, input: inputOf(event) }];
      outbox.remove(row.event);
      return [];
    });
  }

  /**
   * A transaction that is refused for one of its events is sent in halves, until that event is found.
   * @throws ConsiliumError where the channel is away, another transaction was first, or the person may not sign
   */
  async send(person: string, lane: number, sending: readonly Sending[], signal: () => AbortSignal): Promise<void> {
    if (sending.length === 0) return;
    const { copies, sender } = this.#parts;
    const copied = sending.filter(({ input }) => copies.wanted(input.policyVersion)).map(({ record }) => record);
    await copies.keep(copied, signal());
    const ends = lane === LANE.urgent && sending.every(({ event }) => event.restricts);
    const name = ends ? 'withdrawConsents' : 'recordConsents';
    try {
      const events = sending.map(({ input }) => input);
      await sender.send(person, `ConsentContract:${name}`, { events }, signal());
    } catch (error) {
      if (sendFailureOf(error) !== 'refused') throw error;
      const [only, ...others] = sending;
      if (others.length === 0) return this.#refuse(only as Sending, codeOf(error));
      const half = Math.ceil(sending.length / 2);
      const first = sending.slice(0, half);
      await this.send(person, lane, first, signal);
      const refused = this.#refusedAmong(first);
      const rest = sending.slice(half).filter(({ record }) => !refused.has(record.ref));
      return this.send(person, lane, rest, signal);
    }
    this.#commit(sending);
  }

  #refusedAmong(sent: readonly Sending[]): ReadonlySet<ConsentRef> {
    const { events } = this.#parts;
    const refused = sent.filter(({ record, row }) => events.byId(record, row.event)?.state === 'refused');
    return new Set(refused.map(({ record }) => record.ref));
  }

  #commit(sent: readonly Sending[]): void {
    const { database, events, outbox, records } = this.#parts;
    const ids = sent.map(({ row }) => row.event);
    inTransaction(database, () => {
      events.commit(ids);
      outbox.removeAll(ids);
      for (const { record, event } of sent) records.allowAgain(record, event.content.kind);
    });
    this.#settled(sent.map(({ row }) => row.ref));
  }

  /**
   * What the channel refuses never takes effect, where it allows; where it ends, the record is barred here: the patient's
   * word counts, whatever the channel thinks of its form.
   */
  #refuse({ row, record, event }: Sending, code: string): void {
    const { database, events, ends, outbox, records, log } = this.#parts;
    const later = events.of(record).filter(({ state, seq }) => state === 'waiting' && seq >= event.seq);
    inTransaction(database, () => {
      events.refuse(row.ref, event.seq, code);
      ends.settle(events.of(record));
      outbox.removeAll(later.map(({ id }) => id));
      if (later.some(({ restricts }) => restricts)) records.bar(row.ref, BARRED.restrictionRefused);
    });
    log.warn({ ref: row.ref, seq: event.seq, code }, 'the channel refused a consent event for good');
    this.#settled([row.ref]);
  }
}
