/** Brings what waits to the channel, in order, and again until it is there. */
import { CONSENT_EVENTS_PER_TRANSACTION_MAX, type ConsentRef, refusal } from '@consilium/domain';
import type { Clock, Timers } from '../agent/ports.js';
import { CommandBytes } from './commandBytes.js';
import {
  CONSENT_RETRY_MS_MAX,
  CONSENT_RETRY_MS_MIN,
  CONSENT_ROOT_EVENTS_MAX,
  CONSENT_SEND_MS_MAX,
  CONSENT_TRANSACTION_BYTES_MAX,
  PERSON_RETRY_MS,
  TRANSACTIONS_IN_FLIGHT_MAX,
} from './consentLimits.js';
import { EventSending, type EventSendingParts } from './eventSending.js';
import { nextTransaction, type Taken } from './nextTransaction.js';
import type { KeptBatch } from './rootBatches.js';
import { RootSending, type RootSendingParts } from './rootSending.js';
import { codeOf, sendFailureOf } from './sendFailure.js';

export type OutboxSenderParts = EventSendingParts &
  RootSendingParts &
  Readonly<{
    clock: Clock;
    timers: Timers;
    /** Events of these records have a new state. */
    onSettled(refs: readonly ConsentRef[]): void;
  }>;

/** After each transaction that went through, the next may hold so many more. */
const EVENTS_MORE = 5;

export class OutboxSender {
  readonly #parts: OutboxSenderParts;
  readonly #sending: EventSending;
  readonly #roots: RootSending;
  readonly #underWay = new Set<Promise<void>>();
  readonly #events = new Set<number>();
  readonly #refs = new Set<ConsentRef>();
  readonly #people = new Map<string, { until: number; code: string }>();
  readonly #settled = new Set<() => void>();
  #stopping = new AbortController();
  #urgent = false;
  #rooting = false;
  #failures = 0;
  /** Fewer where endorsers are so slow that a long batch outruns the skew that the channel allows. */
  #eventsMax = CONSENT_EVENTS_PER_TRANSACTION_MAX;
  #notBefore = 0;
  #cancelTimer: (() => void) | undefined;
  #started = false;

  constructor(parts: OutboxSenderParts) {
    this.#parts = parts;
    this.#sending = new EventSending(parts, (refs) => this.#tell(refs));
    this.#roots = new RootSending(parts);
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
    const taken = this.#next('ledger', this.#eventsMax);
    if (!taken) return false;
    const sending = this.#sending.open(taken.rows);
    const fitting = sending.slice(0, CommandBytes.fitting(sending, CONSENT_TRANSACTION_BYTES_MAX));
    const urgent = fitting.some(({ event }) => event.restricts);
    this.#run({ ...taken, rows: fitting.map(({ row }) => row) }, urgent, () =>
      this.#sending.send(taken.person, taken.lane, fitting, this.#signal),
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

  #run({ rows, person }: Taken, urgent: boolean, send: () => Promise<void>): void {
    for (const { event, ref } of rows) {
      this.#events.add(event);
      this.#refs.add(ref);
    }
    if (urgent) this.#urgent = true;
    this.#follow(send(), person, () => {
      for (const { event, ref } of rows) {
        this.#events.delete(event);
        this.#refs.delete(ref);
      }
      if (urgent) this.#urgent = false;
    });
  }

  #follow(sent: Promise<void>, person: string, release: () => void): void {
    const work = sent
      .then(
        () => {
          this.#failures = 0;
          this.#eventsMax = Math.min(this.#eventsMax + EVENTS_MORE, CONSENT_EVENTS_PER_TRANSACTION_MAX);
        },
        (error: unknown) => this.#failed(error, person),
      )
      .finally(() => {
        release();
        this.#underWay.delete(work);
        this.poke();
      });
    this.#underWay.add(work);
  }

  #failed(error: unknown, person: string): void {
    const { log, clock } = this.#parts;
    if (this.#stopping.signal.aborted) return;
    const failure = sendFailureOf(error);
    if (failure === 'person') {
      this.#park(person, error);
      return;
    }
    if (codeOf(error) === 'CLOCK_SKEW') this.#eventsMax = Math.max(1, Math.floor(this.#eventsMax / 2));
    const again = failure === 'again';
    if (!again)
      log.warn({ code: codeOf(error), waiting: this.#parts.outbox.waiting() }, 'consents wait for the channel');
    const ms = again
      ? CONSENT_RETRY_MS_MIN
      : Math.min(CONSENT_RETRY_MS_MAX, CONSENT_RETRY_MS_MIN * 2 ** Math.min(this.#failures, 10));
    this.#failures += again ? 0 : 1;
    this.#notBefore = clock.monotonic() + ms;
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
    const batch = this.#roots.waiting() ?? this.#newBatch();
    if (!batch || this.#people.has(batch.person)) return false;
    this.#rooting = true;
    const sent = this.#roots.send(batch, this.#signal).then((refs) => this.#tell(refs));
    this.#follow(sent, batch.person, () => {
      this.#rooting = false;
    });
    return true;
  }

  #newBatch(): KeptBatch | undefined {
    const taken = this.#next('roots', CONSENT_ROOT_EVENTS_MAX);
    return taken && this.#roots.make(this.#sending.open(taken.rows), taken.person);
  }

  readonly #signal = (): AbortSignal =>
    AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(CONSENT_SEND_MS_MAX)]);

  #tell(refs: readonly ConsentRef[]): void {
    this.#parts.onSettled([...new Set(refs)]);
    for (const listener of [...this.#settled]) listener();
  }
}
