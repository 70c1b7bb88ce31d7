/**
 * After a backup was taken in: what the channel knows of this hospital's records and the store does not. Where policies ask
 * for private copies, the own peer gives back what was recorded since; what is nowhere is named.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type ConsentRef, consentCommitment, keyRange, type Msp, PAGE_ITEMS_MAX } from '@consilium/domain';
import { type Database, inTransaction } from '@consilium/sqlite';
import type { Log } from '../agent/ports.js';
import type { ConsentEnds } from './consentEnds.js';
import type { ConsentEvents } from './consentEvents.js';
import { READ_BACK_MS_MAX, RESTORE_REFS_NAMED_MAX } from './consentLimits.js';
import type { ConsentLedger, ConsentSender } from './consentPorts.js';
import type { NamedRecords, ReadBackReport } from './consentTypes.js';
import type { HospitalPolicies } from './hospitalPolicies.js';
import { nodeSha256 } from './nodeSha256.js';
import type { Outbox } from './outbox.js';
import type { PatientRecord, PatientRecords } from './patientRecords.js';
import { type CopiedEvent, openedCopy } from './privateCopies.js';
import type { Restrictions } from './restrictions.js';
import type { RootBatches } from './rootBatches.js';
import { codeOf } from './sendFailure.js';
import type { Standings } from './standings.js';

export type ReadingBackParts = Readonly<{
  database: Database;
  msp: Msp;
  ledger: ConsentLedger;
  sender: ConsentSender;
  records: PatientRecords;
  events: ConsentEvents;
  ends: ConsentEnds;
  outbox: Outbox;
  policies: HospitalPolicies;
  batches: RootBatches;
  standings: Standings;
  restrictions: Restrictions;
  log: Log;
  isErased(ref: ConsentRef): boolean;
  /** Something waits for the channel. */
  onQueued(): void;
}>;

/** Refs are random: of a million events, some 4,000 begin with the same two digits. */
const SLICES = Array.from({ length: 256 }, (_, k) => k.toString(16).padStart(2, '0'));

export class ReadingBack {
  readonly #parts: ReadingBackParts;
  readonly #here;
  readonly #underWay = new Set<Promise<unknown>>();
  #stopping = new AbortController();

  constructor(parts: ReadingBackParts) {
    this.#parts = parts;
    this.#here = parts.database.prepare("SELECT 1 FROM event WHERE ref = ? AND seq = ? AND state <> 'refused'");
  }

  /** Resolves once nothing is under way. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.allSettled(this.#underWay);
    this.#stopping = new AbortController();
  }

  /** Never fails for the channel's sake: what could not be asked is said. Run again, it goes on. */
  async run(): Promise<ReadBackReport> {
    const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(READ_BACK_MS_MAX)]);
    const work = this.#run(signal);
    this.#underWay.add(work);
    return work.finally(() => this.#underWay.delete(work));
  }

  async #run(signal: AbortSignal): Promise<ReadBackReport> {
    const { policies, batches, ledger } = this.#parts;
    const copies = policies.askedForCopies()
      ? await this.#readCopies(signal)
      : { copies: 'none' as const, fromCopies: 0 };
    const { withoutContents, withoutPatient } = await this.#gaps(signal);
    return { ...copies, withoutContents, withoutPatient, batchesMissing: batches.missing(), height: ledger.height() };
  }

  async #readCopies(signal: AbortSignal): Promise<Pick<ReadBackReport, 'copies' | 'fromCopies'>> {
    const { records, sender, log } = this.#parts;
    let fromCopies = 0;
    let after: number | undefined = Number.MIN_SAFE_INTEGER;
    try {
      while (after !== undefined) {
        const page: ReturnType<PatientRecords['some']> = records.some(after, PAGE_ITEMS_MAX, () => true);
        const refs = page.records.map(({ ref }) => ref);
        const found = refs.length === 0 ? new Map<ConsentRef, string>() : await sender.readPrivate(refs, signal);
        fromCopies += this.#takeAll(refs, found);
        after = page.next;
      }
      return { copies: 'read', fromCopies };
    } catch (error) {
      log.warn({ code: codeOf(error) }, 'the own peer gave no private copies: restore again once it answers');
      return { copies: 'unreachable', fromCopies };
    }
  }

  /** Records are looked up again: one may have been erased while the peer was asked. */
  #takeAll(refs: readonly ConsentRef[], copies: ReadonlyMap<ConsentRef, string>): number {
    const { database, records, standings, restrictions, isErased, onQueued } = this.#parts;
    const taken = inTransaction(database, () =>
      refs.flatMap((ref) => {
        const copy = copies.get(ref);
        const record = copy === undefined || isErased(ref) ? undefined : records.byRef(ref);
        const events = record && openedCopy(record, copy as string);
        const took = record && events ? this.#take(record, events) : [];
        if (record && took.length > 0) this.#parts.ends.settle(this.#parts.events.of(record));
        return took;
      }),
    );
    const changed = [...new Set(taken.map(({ content }) => content.ref))];
    for (const ref of changed) standings.forget(ref);
    if (changed.length > 0) {
      restrictions.tell(changed);
      onQueued();
    }
    return taken.length;
  }

  /**
   * What is on the channel counts as committed, by its commitment. What is not there yet goes there, or comes to nothing
   * there, as it would have from the store that was lost: a withdrawal acts at once.
   */
  #take(record: PatientRecord, copied: readonly CopiedEvent[]): CopiedEvent[] {
    const { events, outbox, records, policies } = this.#parts;
    const { ref, salt, placement } = record;
    return copied.filter(({ content, commitment, narrows, meaning, reason, restricts, at, by }) => {
      const { seq, kind } = content;
      if (content.ref !== ref || consentCommitment(salt, content, nodeSha256) !== commitment) return false;
      if (this.#here.get(ref, seq)) return false;
      const committed = policies.commitmentOf(ref, seq);
      if (committed !== undefined && committed !== commitment) return false;
      const body = { content, commitment, narrows, meaning, reason };
      const id = events.add(record, body, { note: null, fhir: null, by }, restricts, at);
      if (committed === undefined) outbox.add(id, ref, placement, by.name, restricts);
      else {
        events.commit([id]);
        records.allowAgain(record, kind);
      }
      return true;
    });
  }

  /** Goes through all that the channel has of this hospital's records, a slice at a time. */
  async #gaps(signal: AbortSignal): Promise<Pick<ReadBackReport, 'withoutContents' | 'withoutPatient'>> {
    const { ledger, msp, records, isErased } = this.#parts;
    const withoutContents = new Set<ConsentRef>();
    const withoutPatient = new Set<ConsentRef>();
    const { start } = keyRange('consent', msp);
    for (const slice of SLICES) {
      await nextTurn();
      signal.throwIfAborted();
      for (const { key } of ledger.range(`${start}${slice}`, `${start}${slice}g`)) {
        const [, , part, seq] = key.split('~');
        const ref = part as ConsentRef;
        if (this.#here.get(ref, Number(seq)) || isErased(ref)) continue;
        if (records.has(ref)) withoutContents.add(ref);
        else withoutPatient.add(ref);
      }
    }
    return { withoutContents: named(withoutContents), withoutPatient: named(withoutPatient) };
  }
}

function named(refs: ReadonlySet<ConsentRef>): NamedRecords {
  return { total: refs.size, refs: [...refs].slice(0, RESTORE_REFS_NAMED_MAX) };
}
