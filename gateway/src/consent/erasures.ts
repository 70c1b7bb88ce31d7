/**
 * Erasure of a patient's record: the channel's tombstone first, so that no backup brings the patient back; then key, salt,
 * link and contents; then the private copy; then what the disk still holds. Each step is kept before the next begins, and
 * all of them may be done twice, so whatever a crash interrupts goes on at the next start.
 */
import { createHash, randomBytes } from 'node:crypto';
import {
  type ConsentRef,
  ConsiliumError,
  canonicalJson,
  type Digest,
  type LegalGround,
  type Msp,
  type Tombstone,
} from '@consilium/domain';
import { type Database, inTransaction } from '@consilium/sqlite';
import type { Clock, Log, Timers } from '../agent/ports.js';
import type { ConsentEvents } from './consentEvents.js';
import { ERASURE_RETRY_MS } from './consentLimits.js';
import type { ConsentSender } from './consentPorts.js';
import { scrub } from './consentSchema.js';
import type { By, ErasureReceipt, ErasureState } from './consentTypes.js';
import type { Disclosures } from './disclosures.js';
import type { HospitalPolicies } from './hospitalPolicies.js';
import type { Keyring } from './keyring.js';
import type { Outbox } from './outbox.js';
import { BARRED, type PatientRecord, type PatientRecords } from './patientRecords.js';
import type { Restrictions } from './restrictions.js';
import { requireErasable } from './retention.js';
import { codeOf } from './sendFailure.js';
import type { Standings } from './standings.js';

const DESTROYED = ['key', 'salt', 'link to the patient number', 'consents and evidence', 'disclosures', 'private copy'];

export type ErasureParts = Readonly<{
  database: Database;
  ring: Keyring;
  msp: Msp;
  records: PatientRecords;
  events: ConsentEvents;
  outbox: Outbox;
  disclosures: Disclosures;
  policies: HospitalPolicies;
  standings: Standings;
  restrictions: Restrictions;
  sender: ConsentSender;
  clock: Clock;
  timers: Timers;
  log: Log;
  /** What waits of the record goes first now. */
  onQueued(): void;
}>;

type Row = { ref: ConsentRef; state: ErasureState; at: number; person: string; receipt: Uint8Array };
type Kept = Omit<ErasureReceipt, 'state' | 'receiptHash'>;

export class Erasures {
  readonly #parts: ErasureParts;
  readonly #statements;
  #stopping = new AbortController();
  #working: Promise<void> | undefined;
  #again = false;
  #started = false;
  #cancelTimer: (() => void) | undefined;

  constructor(parts: ErasureParts) {
    const { database } = parts;
    this.#parts = parts;
    this.#statements = {
      add: database.prepare("INSERT INTO erasure (ref, state, at, person, receipt) VALUES (?, 'asked', ?, ?, ?)"),
      get: database.prepare('SELECT * FROM erasure WHERE ref = ?'),
      all: database.prepare('SELECT * FROM erasure ORDER BY at, ref'),
      open: database.prepare("SELECT * FROM erasure WHERE state <> 'done' ORDER BY at, ref"),
      state: database.prepare('UPDATE erasure SET state = ?, receipt = ? WHERE ref = ?'),
      refs: database.prepare('SELECT ref FROM erasure'),
    };
  }

  start(): void {
    this.#started = true;
    this.#stopping = new AbortController();
    this.poke();
  }

  async stop(): Promise<void> {
    this.#started = false;
    this.#cancelTimer?.();
    this.#stopping.abort();
    await this.#working;
  }

  /** Goes on with what is open. */
  poke(): void {
    if (!this.#started) return;
    if (this.#working) {
      this.#again = true;
      return;
    }
    this.#working = this.#work().finally(() => {
      this.#working = undefined;
      if (this.#again) {
        this.#again = false;
        this.poke();
      }
    });
  }

  /** @throws ConsiliumError CONSENT_ERASURE_ON_HOLD, INPUT_INVALID (a ground to keep) */
  requireErasable(record: PatientRecord, ground?: LegalGround): void {
    const { events, policies, clock } = this.#parts;
    requireErasable(events.of(record), policies.hold(record.ref), policies, clock.now(), ground);
  }

  /** The patient is in no selection from here on; the rest finishes by itself. */
  ask(record: PatientRecord, ground: LegalGround, reason: string, by: By): ErasureReceipt {
    const known = this.of(record.ref);
    if (known) return known;
    this.requireErasable(record, ground);
    const { database, ring, msp, records, outbox, standings, restrictions, clock, onQueued } = this.#parts;
    const { ref } = record;
    const kept: Kept = {
      schemaVersion: 1,
      id: randomBytes(32).toString('hex'),
      msp,
      ref,
      ground,
      reason,
      askedBy: by.name,
      askedAt: clock.now(),
      destroyed: DESTROYED,
      doneAt: null,
    };
    inTransaction(database, () => {
      this.#statements.add.run(ref, kept.askedAt, by.name, ring.seal('erasure', ref, JSON.stringify(kept)));
      records.bar(ref, BARRED.erasing);
      outbox.promote(ref);
    });
    standings.forget(ref);
    restrictions.tell([ref]);
    onQueued();
    this.poke();
    return this.of(ref) as ErasureReceipt;
  }

  /** The channel has a tombstone of this record, and nothing here says that it was asked for: it is erased all the same. */
  adopt({ ref, ground, erasedBy, erasedAt }: Tombstone): void {
    const { database, ring, msp, records, standings, restrictions } = this.#parts;
    if (this.of(ref) || !records.has(ref)) return;
    const id = randomBytes(32).toString('hex');
    const reason = 'the channel had its tombstone';
    const by = { askedBy: erasedBy.id, askedAt: erasedAt };
    const kept: Kept = { schemaVersion: 1, id, msp, ref, ground, reason, ...by, destroyed: DESTROYED, doneAt: null };
    inTransaction(database, () => {
      this.#statements.add.run(ref, erasedAt, erasedBy.id, ring.seal('erasure', ref, JSON.stringify(kept)));
      records.bar(ref, BARRED.erasing);
    });
    standings.forget(ref);
    restrictions.tell([ref]);
    this.poke();
  }

  of(ref: ConsentRef): ErasureReceipt | undefined {
    const row = this.#statements.get.get(ref) as Row | undefined;
    return row && this.#receipt(row);
  }

  /** The oldest first. */
  all(): ErasureReceipt[] {
    return (this.#statements.all.all() as Row[]).map((row) => this.#receipt(row));
  }

  refs(): ConsentRef[] {
    return (this.#statements.refs.all() as { ref: ConsentRef }[]).map(({ ref }) => ref);
  }

  async #work(): Promise<void> {
    const { timers, log } = this.#parts;
    let open = false;
    for (const row of this.#statements.open.all() as Row[]) {
      if (this.#stopping.signal.aborted) return;
      try {
        open = !(await this.#finish(row)) || open;
      } catch (error) {
        open = true;
        if (this.#stopping.signal.aborted) return;
        log.warn({ ref: row.ref, state: row.state, code: codeOf(error) }, 'an erasure is not over yet');
      }
    }
    if (!open || this.#stopping.signal.aborted) return;
    this.#cancelTimer?.();
    this.#cancelTimer = timers.after(ERASURE_RETRY_MS, () => this.poke());
  }

  /** @returns whether it is over */
  async #finish({ ref, person, state }: Row): Promise<boolean> {
    const { sender, database, log } = this.#parts;
    let at = state;
    if (at === 'asked') {
      if (this.#parts.outbox.waitsOf(ref) > 0 && !this.#parts.policies.isErased(ref)) return false;
      await this.#tombstone(ref, person);
      at = this.#reach(ref, 'tombstoned');
    }
    if (at === 'tombstoned') at = this.#destroy(ref);
    if (at === 'destroyed') {
      await sender.purgePrivate([ref], this.#stopping.signal);
      scrub(database);
      this.#reach(ref, 'done');
      log.info({ ref }, 'a consent record is erased');
    }
    return true;
  }

  async #tombstone(ref: ConsentRef, person: string): Promise<void> {
    const { policies, sender } = this.#parts;
    if (policies.isErased(ref)) return;
    const { ground, receiptHash } = this.of(ref) as ErasureReceipt;
    try {
      await sender.send(person, 'ConsentContract:eraseRecord', { ref, ground, receiptHash }, this.#stopping.signal);
    } catch (error) {
      // Nothing of the record ever stood on the channel, or its tombstone does already.
      const code = error instanceof ConsiliumError ? error.code : undefined;
      if (code !== 'CONSENT_RECORD_UNKNOWN' && code !== 'CONSENT_RECORD_ERASED') throw error;
    }
  }

  #destroy(ref: ConsentRef): ErasureState {
    const { database, records, events, outbox, disclosures, standings } = this.#parts;
    inTransaction(database, () => {
      outbox.removeRecord(ref);
      records.destroy(ref);
      events.destroy(ref);
      disclosures.destroy(ref);
      this.#reach(ref, 'destroyed');
    });
    standings.forget(ref);
    return 'destroyed';
  }

  #reach(ref: ConsentRef, state: ErasureState): ErasureState {
    const { ring, clock } = this.#parts;
    const kept = this.#kept(this.#statements.get.get(ref) as Row);
    const now = state === 'done' ? { ...kept, doneAt: clock.now() } : kept;
    this.#statements.state.run(state, ring.seal('erasure', ref, JSON.stringify(now)), ref);
    return state;
  }

  #receipt(row: Row): ErasureReceipt {
    const kept = this.#kept(row);
    return { ...kept, receiptHash: receiptHash(kept), state: row.state };
  }

  #kept({ ref, receipt }: Row): Kept {
    return JSON.parse(this.#parts.ring.unseal('erasure', ref, receipt).toString('utf8'));
  }
}

/** Of what the patient is given: it does not change while the erasure goes on. */
export function receiptHash({
  schemaVersion,
  id,
  msp,
  ref,
  ground,
  reason,
  askedBy,
  askedAt,
  destroyed,
}: Kept): Digest {
  const given = { schemaVersion, id, msp, ref, ground, reason, askedBy, askedAt, destroyed };
  return createHash('sha256').update(canonicalJson(given), 'utf8').digest('hex') as Digest;
}
