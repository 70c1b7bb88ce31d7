/** The hospital's own consent store: who allowed what, kept sealed at home, and brought to the channel as commitments. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  type ConsentEventInput,
  type ConsentRef,
  type Decision,
  type Digest,
  type LegalGround,
  refusal,
  type StudyId,
  type StudyProtocol,
} from '@consilium/domain';
import { type Database, inTransaction } from '@consilium/sqlite';
import type { ConsentDesk } from '../agent/ports.js';
import { type BackupFile, Backups } from './backups.js';
import type { CohortEvidence, CohortOpening } from './cohortProofs.js';
import { inputOf } from './consentEvents.js';
import { CONSENT_QUEUE_EVENTS_MAX } from './consentLimits.js';
import type { ConsentStoreParts } from './consentPorts.js';
import { ENDS_KNOWN, openConsentDatabase, scrub } from './consentSchema.js';
import {
  type Asked,
  type By,
  type CohortUse,
  type ConsentOrder,
  type DecisionHead,
  type DecisionList,
  type DecisionReason,
  Disclosure,
  type ErasureReceipt,
  type EventState,
  type KeptDisclosure,
  type Opening,
  type Page,
  type ReadAsked,
  type ReadEntry,
  type RecordHead,
  type RecordingReceipt,
  type RestoreReport,
  type StoredEvent,
  type Touched,
  type Who,
  type Withdrawal,
  type WithdrawalsAsked,
} from './consentTypes.js';
import { judge } from './judgement.js';
import { Keyring, readProperty, writeProperty } from './keyring.js';
import { pageCursor } from './pageCursor.js';
import type { EffectiveConsent } from './patientHistory.js';
import type { ReadLogReport } from './readLog.js';
import { restore } from './restoring.js';
import { type StoreRooms, storeRooms } from './storeRooms.js';

const DAY_MS = 86_400_000;

/** How the queue to the channel stands. */
export type QueueState = Readonly<{
  waiting: number;
  waitingMax: number;
  /** Of those, what makes less allowed. */
  urgent: number;
  oldestAt: number | null;
  inFlight: number;
  /** Whose events wait because their identity does not sign. */
  parked: readonly Readonly<{ person: string; code: string; events: number }>[];
  /** Events that the channel refused for good, since ever. */
  refused: number;
}>;

/** What proves an event that stays at home: the leaf, its place, and the way to the root on the channel. */
export type BatchEvidence = Readonly<{
  batch: number;
  root: Digest;
  count: number;
  index: number;
  leaf: ReturnType<typeof inputOf>;
  path: readonly Digest[];
}>;

export class ConsentStore {
  readonly desk: ConsentDesk;
  readonly #parts: ConsentStoreParts;
  readonly #database: Database;
  readonly #ring: Keyring;
  readonly #rooms: StoreRooms;
  readonly #backups: Backups;
  #master: Uint8Array;

  private constructor(parts: ConsentStoreParts, database: Database, ring: Keyring, master: Uint8Array) {
    this.#parts = parts;
    this.#database = database;
    this.#ring = ring;
    this.#master = master;
    this.#rooms = storeRooms(database, ring, parts);
    this.#learnEnds();
    this.#backups = new Backups(parts.home, parts.owner);
    this.desk = this.#rooms.desk;
  }

  /**
   * Opens `consent.db` in the home folder, making it where there is none. A rotation that a crash interrupted is brought to
   * its end, whichever it was.
   * @throws ConsiliumError CONSENT_STORE_LOCKED
   */
  static open(parts: ConsentStoreParts): ConsentStore {
    mkdirSync(parts.home, { recursive: true, mode: 0o700 });
    const candidates = parts.key.candidates();
    const database = openConsentDatabase(join(parts.home, 'consent.db'), parts.owner);
    for (const [k, master] of candidates.entries()) {
      try {
        const ring = Keyring.open(database, master);
        parts.key.settle(master);
        return new ConsentStore(parts, database, ring, master);
      } catch (error) {
        if (k < candidates.length - 1) continue;
        database.close();
        throw error;
      }
    }
    database.close();
    throw refusal('CONSENT_STORE_LOCKED', { problem: 'there is no key' });
  }

  /** Begins to send what waits, to finish erasures and to anchor the log of reads. */
  start(): void {
    const { outboxSender, erasures, anchor, ears, lookAtRoots, warmUp } = this.#rooms;
    lookAtRoots();
    ears.adoptTombstones();
    outboxSender.start();
    erasures.start();
    anchor.start();
    warmUp.start();
  }

  async stop(): Promise<void> {
    const { outboxSender, erasures, anchor, warmUp, readingBack } = this.#rooms;
    await Promise.all([outboxSender, erasures, anchor, warmUp, readingBack].map((room) => room.stop()));
  }

  close(): void {
    this.#rooms.warmUp.abandon();
    this.#rooms.ears.close();
    this.#database.close();
  }

  // What is recorded

  /**
   * Records consents, changes and withdrawals; see `Recorder.record`. What makes less allowed acts before this returns.
   * @throws ConsiliumError INPUT_INVALID, CONSENT_QUEUE_FULL, CONSENT_PATIENT_UNKNOWN, CONSENT_POLICY_UNKNOWN,
   *   CONSENT_KIND_MISPLACED, CONSENT_EVENT_BACKDATED
   */
  record(orders: readonly ConsentOrder[], by: By): Promise<RecordingReceipt> {
    return this.#rooms.recorder.record(orders, by);
  }

  /** Resolves once the channel has the event, or refused it. */
  whenSettled(ref: ConsentRef, seq: number, signal: AbortSignal): Promise<EventState> {
    const state = () => this.#rooms.history.event(ref, seq)?.state ?? 'refused';
    return new Promise((resolve, reject) => {
      const stop = this.#rooms.outboxSender.onSettled(() => look());
      const give = () => {
        stop();
        reject(signal.reason);
      };
      signal.addEventListener('abort', give, { once: true });
      if (signal.aborted) give();
      const look = () => {
        const found = state();
        if (found === 'waiting') return;
        stop();
        signal.removeEventListener('abort', give);
        resolve(found);
      };
      look();
    });
  }

  queue(): QueueState {
    const { outbox, outboxSender, events } = this.#rooms;
    return {
      ...outbox.figures(),
      waitingMax: CONSENT_QUEUE_EVENTS_MAX,
      inFlight: outboxSender.inFlight(),
      parked: outboxSender.parked(),
      refused: events.refusedTotal(),
    };
  }

  /** What someone recorded who signs no more is sent as another. @returns how many events and batches */
  takeOver(from: string, by: By): number {
    const { outbox, batches, outboxSender } = this.#rooms;
    const taken = inTransaction(this.#database, () => outbox.takeOver(from, by.name) + batches.takeOver(from, by.name));
    outboxSender.unpark(from);
    return taken;
  }

  // What is on file

  /** The oldest first; the last one is in use. Empty: nothing is on file. */
  refsOf(patient: string): ConsentRef[] {
    return this.#rooms.records.refsOf(patient);
  }

  /** Undefined: unknown, or erased. */
  patientOf(ref: ConsentRef): string | undefined {
    return this.#rooms.records.byRef(ref)?.patient;
  }

  /** @throws ConsiliumError CONSENT_PATIENT_UNKNOWN, CONSENT_RECORD_UNKNOWN */
  history(who: Who): StoredEvent[] {
    return this.#rooms.history.history(who);
  }

  event(ref: ConsentRef, seq: number): StoredEvent | undefined {
    return this.#rooms.history.event(ref, seq);
  }

  /** @throws ConsiliumError CONSENT_PATIENT_UNKNOWN, CONSENT_RECORD_UNKNOWN */
  effective(who: Who, asked?: Readonly<{ effectiveAt?: number; knownAt?: number }>): EffectiveConsent {
    return this.#rooms.history.effective(who, asked);
  }

  /** What opens the record's commitments. */
  opening(ref: ConsentRef): Opening | undefined {
    const record = this.#rooms.records.byRef(ref);
    return record && { ref, salt: record.salt };
  }

  records({ cursor, items }: Asked): Page<RecordHead> {
    return this.#rooms.records.page(pageCursor(cursor, Number.MIN_SAFE_INTEGER), items);
  }

  /**
   * What a selection would say of a patient now, and why.
   * @throws ConsiliumError CONSENT_POLICY_UNKNOWN, CONSENT_POLICY_EXCLUDES, PERMIT_REQUIRED
   */
  decisionNow(patient: string, study: StudyId, protocol: StudyProtocol): Decision {
    const { selector, standings } = this.#rooms;
    return judge(standings.of(patient), selector.question(study, protocol));
  }

  // What selections decided, and what came of it

  /** @param asked.day in UTC, such as `2026-11-25`: in place of `from` and `to` */
  decisions(
    asked: Asked &
      Readonly<{
        study?: StudyId | undefined;
        round?: number | undefined;
        from?: number | undefined;
        to?: number | undefined;
        day?: string | undefined;
      }>,
  ): Page<DecisionHead> {
    const { day, from = 0, to = Number.MAX_SAFE_INTEGER, ...page } = asked;
    if (day === undefined) return this.#rooms.decisions.page({ ...page, from, to });
    const start = Date.parse(day);
    if (Number.isNaN(start)) throw refusal('INPUT_INVALID', { problems: 'day: a day such as 2026-11-25' });
    return this.#rooms.decisions.page({ ...page, from: start, to: start + DAY_MS });
  }

  /** @throws ConsiliumError INPUT_INVALID where there is no such selection */
  decisionList(id: number): DecisionList {
    const { decisions } = this.#rooms;
    const found = decisions.get(id);
    if (!found) throw refusal('INPUT_INVALID', { problems: `no selection ${id} was made here` });
    return decisions.list(found);
  }

  /**
   * What the selection of a round decided of a patient; undefined: nothing was on file, or it was not asked about.
   * @throws ConsiliumError CONSENT_COHORT_UNKNOWN
   */
  decisionOf(
    who: Who,
    study: StudyId,
    round: number,
  ): Readonly<{ answer: Decision['answer']; reasons: readonly DecisionReason[] }> | undefined {
    const { decisions } = this.#rooms;
    const refs = 'patient' in who ? this.refsOf(who.patient) : [who.ref];
    const decision = decisions.inForce(study, round);
    if (!decision) throw refusal('CONSENT_COHORT_UNKNOWN', { round, study });
    return refs.map((ref) => decisions.decisionOf(decision, ref)).find((found) => found !== undefined);
  }

  usesOf(who: Who): CohortUse[] {
    return this.#refs(who).flatMap((ref) => this.#rooms.touched.usesOf(ref));
  }

  usesOfPolicy(version: number): CohortUse[] {
    return this.#rooms.touched.usesOfPolicy(version);
  }

  /** Rounds and model versions that a withdrawal of this patient cannot undo. */
  touchedBy(who: Who): Touched[] {
    return this.#refs(who).flatMap((ref) => this.#rooms.touched.touchedBy(ref));
  }

  /** What ended or became less, by an event or by a consent's own terms. @throws ConsiliumError PAGE_CURSOR_INVALID */
  withdrawals(asked: WithdrawalsAsked): Page<Withdrawal> {
    return this.#rooms.history.withdrawals(asked);
  }

  /** @throws ConsiliumError CONSENT_RECORD_UNKNOWN, also where the event ended nothing like that */
  withdrawal(ref: ConsentRef, seq: number, ended: Withdrawal['ended']): Withdrawal {
    return this.#rooms.history.withdrawal(ref, seq, ended);
  }

  // What is proven

  /** @throws ConsiliumError CONSENT_COHORT_UNKNOWN, CONSENT_PATIENT_UNKNOWN, CONSENT_RECORD_UNKNOWN */
  cohortProof(who: Who, study: StudyId, round: number): CohortEvidence {
    return this.#rooms.proofs.prove(who, study, round);
  }

  /** All that an auditor opens a cohort with. @throws ConsiliumError CONSENT_COHORT_UNKNOWN */
  cohortOpening(study: StudyId, round: number, options?: Readonly<{ withPatients?: boolean }>): CohortOpening {
    return this.#rooms.proofs.open(study, round, options);
  }

  /** Undefined: the event stands on the channel itself, or waits for its batch. */
  batchProof(ref: ConsentRef, seq: number): BatchEvidence | undefined {
    const { records, events, batches } = this.#rooms;
    const record = records.byRef(ref);
    const event = record && events.of(record).find((kept) => kept.seq === seq && kept.batch !== null);
    const batch = event && batches.get(event.batch as number);
    const way = batch && batches.pathOf(batch.number, event.id);
    if (!batch || !way) return undefined;
    return { batch: batch.number, root: batch.root, count: batch.count, leaf: inputOf(event), ...way };
  }

  /** A batch's events in the order of its leaves; of erased records' the leaf's hash alone. */
  batchLeaves(batch: number): (ConsentEventInput | Digest)[] {
    const { records, events, batches } = this.#rooms;
    return batches.membersOf(batch).map(({ ref, event, hash }) => {
      const record = ref === null ? undefined : records.byRef(ref);
      const kept = record && events.byId(record, event);
      return kept ? inputOf(kept) : hash;
    });
  }

  // Who read what, and who was told what

  logRead(asked: ReadAsked): void {
    this.#rooms.readLog.log(asked);
  }

  reads(asked: Asked & Readonly<{ ref?: ConsentRef; from?: number; to?: number }>): Page<ReadEntry> {
    return this.#rooms.readLog.page(asked);
  }

  /** @throws ConsiliumError READ_LOG_BROKEN */
  verifyReadLog(): ReadLogReport {
    return this.#rooms.readLog.verify();
  }

  /** Anchors the days that are over, now. @returns how many */
  anchorReadLog(signal?: AbortSignal): Promise<number> {
    return this.#rooms.anchor.anchor(signal);
  }

  /** @throws ConsiliumError INPUT_INVALID, CONSENT_PATIENT_UNKNOWN */
  recordDisclosure(disclosure: Disclosure, by: By): Readonly<{ id: number; ref: ConsentRef }> {
    const parsed = Disclosure.safeParse(disclosure);
    if (!parsed.success) {
      const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
      throw refusal('INPUT_INVALID', { problems });
    }
    const record = this.#rooms.history.record({ patient: parsed.data.patient });
    return { id: this.#rooms.disclosures.add(record, parsed.data, by), ref: record.ref };
  }

  /** Of the patient's newest record. @throws ConsiliumError CONSENT_PATIENT_UNKNOWN, CONSENT_RECORD_UNKNOWN */
  disclosures(who: Who, asked: Asked): Page<KeptDisclosure> {
    return this.#rooms.disclosures.page(this.#rooms.history.record(who), asked);
  }

  // What is erased

  /** @throws ConsiliumError CONSENT_ERASURE_ON_HOLD, CONSENT_PATIENT_UNKNOWN, CONSENT_RECORD_UNKNOWN */
  requireErasable(who: Who): void {
    this.#rooms.erasures.requireErasable(this.#rooms.history.record(who));
  }

  /**
   * Erases a record: no selection takes it in from here on, and the rest finishes by itself. Of a patient with several
   * records, each is erased by its ref.
   * @throws ConsiliumError CONSENT_ERASURE_ON_HOLD, INPUT_INVALID, CONSENT_PATIENT_UNKNOWN, CONSENT_RECORD_UNKNOWN
   */
  erase(asked: Readonly<{ who: Who; ground: LegalGround; reason: string }>, by: By): ErasureReceipt {
    const { erasures, history } = this.#rooms;
    const known = 'ref' in asked.who ? erasures.of(asked.who.ref) : undefined;
    return known ?? erasures.ask(history.record(asked.who), asked.ground, asked.reason, by);
  }

  erasure(ref: ConsentRef): ErasureReceipt | undefined {
    return this.#rooms.erasures.of(ref);
  }

  erasures(): ErasureReceipt[] {
    return this.#rooms.erasures.all();
  }

  // Its key and its copies

  /** Wraps all under a new master key of 32 bytes: the old one opens nothing any more but older backups. */
  rotateKey(next: Uint8Array): void {
    const { key } = this.#parts;
    const master = Uint8Array.from(next);
    key.prepare(master);
    inTransaction(this.#database, () => this.#ring.rewrap(this.#database, master));
    this.#ring.useMaster(master);
    this.#master = master;
    scrub(this.#database);
    key.settle(master);
  }

  backup(): BackupFile {
    const { clock, ledger } = this.#parts;
    return this.#backups.make(this.#database, this.#master, clock.now(), ledger.height());
  }

  backups(): Readonly<{ name: string; bytes: number; madeAt: number }>[] {
    return this.#backups.list();
  }

  /**
   * Adds what a backup has and the store has not; nothing here is replaced. Then reads back from the own peer's private
   * copies what was recorded since, where policies ask for them, and names what the channel knows and nobody here does.
   * @param key the master key of that time; absent: today's
   * @throws ConsiliumError CONSENT_STORE_BACKUP_INVALID
   */
  async restore(name: string, key: Uint8Array = this.#master): Promise<RestoreReport> {
    const { standings, desk, proofs, outboxSender, erasures, lookAtRoots, restrictions, readingBack } = this.#rooms;
    const restored = this.#takeIn(name, key);
    standings.forgetAll();
    desk.forget();
    proofs.forget();
    lookAtRoots();
    restrictions.tell(undefined);
    outboxSender.poke();
    erasures.poke();
    return { ...restored, ledger: await readingBack.run() };
  }

  /** Of a store that an earlier version made. */
  #learnEnds(): void {
    if (readProperty(this.#database, ENDS_KNOWN)) return;
    const { records, events, ends } = this.#rooms;
    inTransaction(this.#database, () => {
      for (const record of records.each()) ends.settle(events.of(record));
      writeProperty(this.#database, ENDS_KNOWN, Buffer.of(1));
    });
  }

  #takeIn(name: string, key: Uint8Array): Omit<RestoreReport, 'ledger'> {
    const file = this.#backups.unpack(name, key);
    try {
      return restore(file, key, { ...this.#rooms, owner: this.#parts.owner, erased: this.#rooms.isErased });
    } finally {
      for (const suffix of ['', '-wal', '-shm']) rmSync(`${file}${suffix}`, { force: true });
    }
  }

  #refs(who: Who): ConsentRef[] {
    if ('ref' in who) return [who.ref];
    const refs = this.refsOf(who.patient);
    if (refs.length === 0) throw refusal('CONSENT_PATIENT_UNKNOWN', {});
    return refs;
  }
}
