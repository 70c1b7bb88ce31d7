/** Takes orders in: makes records, salts, contents and commitments, and queues what goes to the channel. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  type ConsentContent,
  canonicalJson,
  consentCommitment,
  consentSubject,
  endsConsent,
  type Msp,
  refusal,
} from '@consilium/domain';
import { type Database, inTransaction } from '@consilium/sqlite';
import type { Clock } from '../agent/ports.js';
import type { ConsentEvents, KeptEvent } from './consentEvents.js';
import { CONSENT_ORDERS_MAX, CONSENT_QUEUE_EVENTS_MAX, ORDERS_PER_TURN_MAX } from './consentLimits.js';
import { type By, ConsentOrder, type ParsedOrder, type RecordedEvent, type RecordingReceipt } from './consentTypes.js';
import { type EventPlan, planEvent } from './eventPlan.js';
import type { HospitalPolicies } from './hospitalPolicies.js';
import { nodeSha256 } from './nodeSha256.js';
import type { Outbox } from './outbox.js';
import { BARRED, type PatientRecord, type PatientRecords, type Placement } from './patientRecords.js';
import type { Restrictions } from './restrictions.js';
import type { Standings } from './standings.js';

export type RecorderParts = Readonly<{
  database: Database;
  msp: Msp;
  records: PatientRecords;
  events: ConsentEvents;
  outbox: Outbox;
  policies: HospitalPolicies;
  standings: Standings;
  restrictions: Restrictions;
  clock: Clock;
  /** Something waits for the channel. */
  onQueued(): void;
}>;

/** What a patient's live record says so far; undefined: there is none. */
type Past = Readonly<{ record: PatientRecord | undefined; placement: Placement; contents: readonly ConsentContent[] }>;

/** What was found of a patient, and what it is once the orders before are written. */
type PastOf = Readonly<{ found: Past | undefined; planned: Past | undefined }>;
type Pasts = Map<string, PastOf>;

/** Patients of whom nothing was on file when so many records had been made. */
type Unknown = { readonly patients: Set<string>; made: number };

export class Recorder {
  readonly #parts: RecorderParts;

  constructor(parts: RecorderParts) {
    this.#parts = parts;
  }

  /**
   * Checks all orders before it writes the first. What ends consents is written before this returns its promise, however
   * many they are; long batches of other orders give way to other work in between.
   * @throws ConsiliumError INPUT_INVALID, CONSENT_QUEUE_FULL, and what `planEvent` refuses, with the number of the order
   */
  async record(orders: readonly ConsentOrder[], by: By): Promise<RecordingReceipt> {
    const parsed = parseOrders(orders);
    const ends = parsed.every(({ kind }) => endsConsent(kind));
    const { outbox, records } = this.#parts;
    // A withdrawal is never turned away: it acts here, and the queue only tells the channel.
    if (!ends && outbox.waiting() + parsed.length > CONSENT_QUEUE_EVENTS_MAX)
      throw refusal('CONSENT_QUEUE_FULL', { waiting: outbox.waiting(), waitingMax: CONSENT_QUEUE_EVENTS_MAX });
    const pasts: Pasts = new Map();
    for (let k = 0; k < parsed.length; k += 1) {
      if (!ends && k > 0 && k % ORDERS_PER_TURN_MAX === 0) await nextTurn();
      this.#check(parsed[k] as ParsedOrder, k, pasts);
    }
    const events: RecordedEvent[] = [];
    const unknown = { patients: unknownOf(pasts), made: records.made };
    for (let k = 0; k < parsed.length; k += ORDERS_PER_TURN_MAX) {
      if (!ends && k > 0) await nextTurn();
      events.push(...this.#write(parsed.slice(k, k + ORDERS_PER_TURN_MAX), by, unknown));
    }
    return { events, waiting: outbox.waiting() };
  }

  /** Each order is judged after the ones before it, as if they were written. */
  #check(order: ParsedOrder, k: number, pasts: Pasts): void {
    const { patient } = order;
    if (!pasts.has(patient)) {
      const found = this.#pastOf(patient)?.past;
      pasts.set(patient, { found, planned: found });
    }
    const { found, planned: past } = pasts.get(patient) as PastOf;
    try {
      if (past && repeated(order, past.contents)) return;
      const { plan, placement, fresh } = this.#plan(order, past);
      const before = fresh ? [] : (past?.contents ?? []);
      const content = { schemaVersion: 1, seq: before.length, ...said(plan) } as unknown as ConsentContent;
      pasts.set(patient, { found, planned: { record: undefined, placement, contents: [...before, content] } });
    } catch (error) {
      throw named(error, k);
    }
  }

  #pastOf(patient: string): { past: Past; kept: readonly KeptEvent[] } | undefined {
    const { records, events, policies } = this.#parts;
    const record = records.live(patient);
    if (!record || record.barred === BARRED.erasing || policies.isErased(record.ref)) return undefined;
    const kept = events.of(record).filter(({ state }) => state !== 'refused');
    return { past: { record, placement: record.placement, contents: kept.map(({ content }) => content) }, kept };
  }

  /** Where the policy now keeps events elsewhere than the record's own do, a new record begins. */
  #plan(order: ParsedOrder, past: Past | undefined): { plan: EventPlan; placement: Placement; fresh: boolean } {
    const { policies, msp, clock } = this.#parts;
    const now = clock.now();
    const last = past?.contents.at(-1);
    const plan = planEvent(order, last, policies, msp, now);
    const placement = policies.of(plan.policyVersion)?.placement ?? 'ledger';
    if (!past || !last || placement === past.placement || endsConsent(plan.kind))
      return { plan, placement: last && past ? past.placement : placement, fresh: !last };
    if (plan.kind !== 'grant')
      throw refusal('CONSENT_KIND_MISPLACED', {
        kind: plan.kind,
        before: `event ${last.seq}, a ${last.kind}`,
        wanted: `policy ${plan.policyVersion} keeps events elsewhere: a grant begins a new record`,
      });
    return { plan: planEvent(order, undefined, policies, msp, now), placement, fresh: true };
  }

  #write(orders: readonly ParsedOrder[], by: By, unknown: Unknown): RecordedEvent[] {
    const { database, standings, restrictions, outbox, onQueued } = this.#parts;
    let written: Written[];
    try {
      written = inTransaction(database, () => orders.map((order) => this.#writeOne(order, by, unknown)));
    } catch (error) {
      outbox.recount();
      throw error;
    }
    for (const { forget } of written) for (const ref of forget) standings.forget(ref);
    const restricted = written.filter(({ restricts }) => restricts).map(({ event }) => event.ref);
    if (restricted.length > 0) restrictions.tell(restricted);
    onQueued();
    return written.map(({ event }) => event);
  }

  #writeOne(order: ParsedOrder, by: By, unknown: Unknown): Written {
    const { records, clock } = this.#parts;
    const now = clock.now();
    // Looked up again, unless it is certain that nobody made a record since.
    const isUnknown = unknown.made === records.made && unknown.patients.delete(order.patient);
    const found = isUnknown ? undefined : this.#pastOf(order.patient);
    const past = found?.past;
    const same = past && repeated(order, past.contents);
    const stands = same && found?.kept.find(({ seq }) => seq === same.seq);
    if (stands) {
      const event = recordedOf(stands.content, stands.state, stands.restricts ? stands.at : null);
      return { event, restricts: false, forget: [] };
    }
    const { plan, placement, fresh } = this.#plan(order, past);
    const last = past?.contents.at(-1);
    const moves = fresh && last !== undefined;
    if (moves && past?.record && !endsConsent(last.kind)) this.#end(past.record, last, by, now);
    // A record that was made for a patient of whom nothing was on file goes on where the policy says.
    const goesOn = past?.record && !moves && past.placement === placement ? past.record : undefined;
    const record = goesOn ?? records.make(order.patient, placement, now);
    const content = this.#add(record, plan, order, by, now, goesOn ? this.#nextSeq(goesOn) : 0);
    if (isUnknown) unknown.made = records.made;
    const forget = [record.ref, ...(past?.record ? [past.record.ref] : [])];
    return {
      event: recordedOf(content, 'waiting', plan.restricts ? now : null),
      restricts: plan.restricts || moves,
      forget,
    };
  }

  /** A record that goes on elsewhere ends where it was. */
  #end(record: PatientRecord, last: ConsentContent, by: By, now: number): void {
    const { policies, msp } = this.#parts;
    const order = ConsentOrder.parse({ patient: record.patient, kind: 'expire', reason: 'policy-changed' });
    this.#add(record, planEvent(order, last, policies, msp, now), order, by, now, this.#nextSeq(record));
  }

  #add(record: PatientRecord, plan: EventPlan, order: ParsedOrder, by: By, now: number, seq: number): ConsentContent {
    const { msp, events, outbox } = this.#parts;
    const content: ConsentContent = {
      schemaVersion: 1,
      msp,
      ref: record.ref,
      seq,
      subject: consentSubject(record.salt, record.patient, nodeSha256),
      ...said(plan),
    };
    const commitment = consentCommitment(record.salt, content, nodeSha256);
    const { meaning, reason, note = null, fhir = null } = order;
    const body = { content, commitment, narrows: plan.narrows, meaning, reason };
    const extra = { note, fhir, by: { name: by.name, role: by.role ?? null } };
    const id = events.add(record, body, extra, plan.restricts, now);
    outbox.add(id, record.ref, record.placement, by.name, plan.restricts);
    return content;
  }

  /** After the last one here and on the channel, which may know more than a store that was restored. */
  #nextSeq(record: PatientRecord): number {
    const { events, policies } = this.#parts;
    const last = events.last(record);
    let next = (last?.content.seq ?? -1) + 1;
    while (policies.hasEvent(record.ref, next)) next += 1;
    return next;
  }
}

type Written = Readonly<{ event: RecordedEvent; restricts: boolean; forget: readonly PatientRecord['ref'][] }>;

function unknownOf(pasts: Pasts): Set<string> {
  return new Set([...pasts].flatMap(([patient, { found }]) => (found ? [] : [patient])));
}

function said({ narrows, restricts, ...content }: EventPlan) {
  return content;
}

function recordedOf(
  { ref, seq, kind }: ConsentContent,
  state: RecordedEvent['state'],
  effectiveHereAt: number | null,
): RecordedEvent {
  return { ref, seq, kind, state, effectiveHereAt };
}

/**
 * The event that the same order made before, where it has a date of its own: an import that is run twice records nothing
 * twice.
 */
function repeated(order: ParsedOrder, contents: readonly ConsentContent[]): ConsentContent | undefined {
  const { kind, terms, dataClasses, policyVersion, validFrom, validTo, effectiveFrom, evidence } = order;
  if (effectiveFrom === undefined) return undefined;
  const said = [terms, dataClasses, validFrom, validTo, evidence];
  return contents.findLast(
    (content) =>
      content.kind === kind &&
      content.effectiveFrom === effectiveFrom &&
      (policyVersion ?? content.policyVersion) === content.policyVersion &&
      canonicalJson([content.terms, content.dataClasses, content.validFrom, content.validTo, content.evidence]) ===
        canonicalJson(said),
  );
}

function parseOrders(orders: readonly ConsentOrder[]): ParsedOrder[] {
  if (orders.length === 0 || orders.length > CONSENT_ORDERS_MAX)
    throw refusal('INPUT_INVALID', { problems: `orders: 1 to ${CONSENT_ORDERS_MAX} of them` });
  return orders.map((order, k) => {
    const result = ConsentOrder.safeParse(order);
    if (result.success) return result.data;
    // Paths and rules, never values: they are a patient's.
    const problems = result.error.issues.map(({ path, message }) => `orders.${[k, ...path].join('.')}: ${message}`);
    throw refusal('INPUT_INVALID', { problems: problems.slice(0, 20).join('; ') });
  });
}

function named(error: unknown, k: number): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error;
  error.message = error.message.replace(': ', `: orders.${k}: `);
  return error;
}
