/** Events as the store keeps them: sealed under the key of the patient's record, in the order of their numbers. */
import {
  type ConsentContent,
  type ConsentEventInput,
  type ConsentReason,
  type ConsentRef,
  consentEndsAt,
  type Digest,
  type Role,
  type SignatureMeaning,
} from '@consilium/domain';
import type { Database } from '@consilium/sqlite';
import type { EventState, KeptResource } from './consentTypes.js';
import type { PatientRecord } from './patientRecords.js';
import { seal, unseal } from './sealing.js';

/** What is sealed first: all that decides about the patient. */
type Body = Readonly<{
  content: ConsentContent;
  commitment: Digest;
  narrows: boolean;
  meaning: SignatureMeaning;
  reason: ConsentReason;
}>;

/** What is sealed beside it, and read only where it is asked for. */
export type EventExtra = Readonly<{
  note: string | null;
  fhir: KeptResource | null;
  by: Readonly<{ name: string; role: Role | null }>;
}>;

export type KeptEvent = Body &
  Readonly<{
    id: number;
    seq: number;
    state: EventState;
    restricts: boolean;
    at: number;
    batch: number | null;
    refusedWith: string | null;
  }>;

export type EventRow = {
  id: number;
  ref: ConsentRef;
  seq: number;
  state: EventState;
  restricts: number;
  at: number;
  content: Uint8Array;
  batch: number | null;
  refused_with: string | null;
};
export const EVENT_COLUMNS = 'id, ref, seq, state, restricts, at, content, batch, refused_with';

export class ConsentEvents {
  readonly #statements;

  constructor(database: Database) {
    this.#statements = {
      add: database.prepare(
        `INSERT INTO event (ref, seq, state, restricts, at, content, extra, ends_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
      ),
      follow: database.prepare('UPDATE event SET ends_at = NULL WHERE ref = ? AND seq < ? AND ends_at >= ?'),
      of: database.prepare(`SELECT ${EVENT_COLUMNS} FROM event WHERE ref = ? ORDER BY seq, id`),
      ofMany: database.prepare(
        `SELECT ${EVENT_COLUMNS} FROM event WHERE ref IN (SELECT value FROM json_each(?)) ORDER BY ref, seq, id`,
      ),
      last: database.prepare(
        `SELECT ${EVENT_COLUMNS} FROM event WHERE ref = ? AND attempt = 0 ORDER BY seq DESC LIMIT 1`,
      ),
      byId: database.prepare(`SELECT ${EVENT_COLUMNS} FROM event WHERE id = ?`),
      extra: database.prepare('SELECT extra FROM event WHERE id = ?'),
      commit: database.prepare(
        "UPDATE event SET state = 'committed' WHERE id IN (SELECT value FROM json_each(?)) AND state = 'waiting'",
      ),
      refuse: database.prepare(
        "UPDATE event SET state = 'refused', refused_with = ?, attempt = id WHERE ref = ? AND seq >= ? AND state = 'waiting'",
      ),
      batch: database.prepare('UPDATE event SET batch = ? WHERE id = ?'),
      since: database.prepare('SELECT DISTINCT ref FROM event WHERE id > ? AND restricts = 1'),
      lastRestricting: database.prepare('SELECT max(id) AS id FROM event WHERE restricts = 1'),
      restrictedAt: database.prepare(
        'SELECT ref, max(at) AS at FROM event WHERE restricts = 1 GROUP BY ref ORDER BY max(id)',
      ),
      lastId: database.prepare('SELECT max(id) AS id FROM event'),
      remove: database.prepare('DELETE FROM event WHERE ref = ?'),
      refused: database.prepare("SELECT count(*) AS total FROM event WHERE state = 'refused'"),
    };
  }

  /** @returns its id: later events have greater ones */
  add(record: PatientRecord, body: Body, extra: EventExtra, restricts: boolean, at: number): number {
    const { ref, key } = record;
    const { seq, effectiveFrom } = body.content;
    const place = `${ref}/${seq}`;
    const content = seal(key, { table: 'event.content', key: place }, JSON.stringify(body));
    const sealed = seal(key, { table: 'event.extra', key: place }, JSON.stringify(extra));
    const endsAt = consentEndsAt(body.content) ?? null;
    const row = this.#statements.add.get(ref, seq, 'waiting', restricts ? 1 : 0, at, content, sealed, endsAt);
    // What is followed in time does not end by its own terms.
    if (seq > 0) this.#statements.follow.run(ref, seq, effectiveFrom);
    return (row as { id: number }).id;
  }

  /** All of a record, refused ones too. */
  of(record: PatientRecord): KeptEvent[] {
    return (this.#statements.of.all(record.ref) as EventRow[]).map((row) => opened(record, row));
  }

  /** The same of many records, in one reading of the database: in the order of the records. */
  ofMany(records: readonly PatientRecord[]): (readonly KeptEvent[])[] {
    const rows = this.#statements.ofMany.all(JSON.stringify(records.map(({ ref }) => ref))) as EventRow[];
    const byRef = new Map<ConsentRef, EventRow[]>(records.map(({ ref }) => [ref, []]));
    for (const row of rows) byRef.get(row.ref)?.push(row);
    return records.map((record) => (byRef.get(record.ref) ?? []).map((row) => opened(record, row)));
  }

  last(record: PatientRecord): KeptEvent | undefined {
    const row = this.#statements.last.get(record.ref) as EventRow | undefined;
    return row && opened(record, row);
  }

  byId(record: PatientRecord, id: number): KeptEvent | undefined {
    const row = this.#statements.byId.get(id) as EventRow | undefined;
    return row && opened(record, row);
  }

  extra(record: PatientRecord, { id, seq }: Pick<KeptEvent, 'id' | 'seq'>): EventExtra {
    const { extra } = this.#statements.extra.get(id) as { extra: Uint8Array };
    return JSON.parse(
      unseal(record.key, { table: 'event.extra', key: `${record.ref}/${seq}` }, extra).toString('utf8'),
    );
  }

  /** The channel has them. */
  commit(ids: readonly number[]): void {
    this.#statements.commit.run(JSON.stringify(ids));
  }

  /** The channel refused it: what follows it in its record cannot follow either. */
  refuse(ref: ConsentRef, seq: number, code: string): void {
    this.#statements.refuse.run(code, ref, seq);
  }

  setBatch(id: number, batch: number): void {
    this.#statements.batch.run(batch, id);
  }

  /** Records with an event after that one that made less allowed. */
  restrictedSince(id: number): ConsentRef[] {
    return (this.#statements.since.all(id) as { ref: ConsentRef }[]).map(({ ref }) => ref);
  }

  /** The last event that made less allowed; 0: none did. */
  lastRestricting(): number {
    return (this.#statements.lastRestricting.get() as { id: number | null }).id ?? 0;
  }

  /** Records of which something became less, and when it last did. */
  restrictedAt(): { ref: ConsentRef; at: number }[] {
    return this.#statements.restrictedAt.all() as { ref: ConsentRef; at: number }[];
  }

  lastId(): number {
    return (this.#statements.lastId.get() as { id: number | null }).id ?? 0;
  }

  refusedTotal(): number {
    return (this.#statements.refused.get() as { total: number }).total;
  }

  destroy(ref: ConsentRef): void {
    this.#statements.remove.run(ref);
  }
}

export function opened(record: PatientRecord, row: EventRow): KeptEvent {
  const place = { table: 'event.content', key: `${row.ref}/${row.seq}` };
  const body = JSON.parse(unseal(record.key, place, row.content).toString('utf8')) as Body;
  const { id, seq, state, restricts, at, batch, refused_with: refusedWith } = row;
  return { ...body, id, seq, state, restricts: restricts === 1, at, batch, refusedWith };
}

/** The event as it goes to the channel. */
export function inputOf({ content, commitment, narrows, meaning, reason }: Body): ConsentEventInput {
  const { ref, seq, kind, terms, policyVersion, validFrom, validTo, effectiveFrom } = content;
  const codes = [...new Set(terms.map(({ code }) => code))].sort();
  return {
    ref,
    seq,
    kind,
    commitment,
    codes,
    policyVersion,
    validFrom,
    validTo,
    effectiveFrom,
    narrows,
    meaning,
    reason,
  };
}
