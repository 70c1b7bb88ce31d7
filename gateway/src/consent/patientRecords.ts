/** Patients' records: a random ref, a salt, and the link to the hospital's patient number, sealed under a key of its own. */
import { randomBytes } from 'node:crypto';
import type { ConsentKind, ConsentPolicy, ConsentRef, ConsentSalt } from '@consilium/domain';
import type { Database } from '@consilium/sqlite';
import type { Page, RecordHead } from './consentTypes.js';
import type { Keyring } from './keyring.js';
import { KEY_BYTES, seal, unseal } from './sealing.js';

const REF_BYTES = 16;
const SALT_BYTES = 32;

export type Placement = ConsentPolicy['placement'];

/** Why nobody is selected by a record, whatever its events say. */
export const BARRED = { no: 0, restrictionRefused: 1, erasing: 2 } as const;

/** A record, opened. */
export type PatientRecord = Readonly<{
  ref: ConsentRef;
  patient: string;
  salt: ConsentSalt;
  /** What the record's events are sealed with. */
  key: Buffer;
  placement: Placement;
  barred: number;
  madeAt: number;
}>;

type Row = {
  ref: ConsentRef;
  key: Uint8Array;
  link: Uint8Array;
  made_at: number;
  number: number;
  placement: Placement;
  barred: number;
};

const RANDOM_BYTES = REF_BYTES + SALT_BYTES + KEY_BYTES;
const RECORDS_AT_ONCE = 256;
let drawn = Buffer.alloc(0);

/** Ref, salt and key of a record, drawn for many at a time: a single draw costs more than the encryption. */
function nextRandom(): Buffer {
  if (drawn.length < RANDOM_BYTES) drawn = randomBytes(RANDOM_BYTES * RECORDS_AT_ONCE);
  const random = Buffer.from(drawn.subarray(0, RANDOM_BYTES));
  drawn.fill(0, 0, RANDOM_BYTES);
  drawn = drawn.subarray(RANDOM_BYTES);
  return random;
}

export class PatientRecords {
  readonly #ring: Keyring;
  readonly #statements;
  #lastNumber: number | undefined;
  #made = 0;

  constructor(database: Database, ring: Keyring) {
    this.#ring = ring;
    this.#statements = {
      live: database.prepare('SELECT * FROM record WHERE tag = ? ORDER BY number DESC LIMIT 1'),
      refs: database.prepare('SELECT ref FROM record WHERE tag = ? ORDER BY number'),
      byRef: database.prepare('SELECT * FROM record WHERE ref = ?'),
      last: database.prepare('SELECT max(number) AS number FROM record'),
      add: database.prepare(
        'INSERT INTO record (ref, tag, key, link, made_at, number, placement) VALUES (?, ?, ?, ?, ?, ?, ?)',
      ),
      first: database.prepare('SELECT min(number) AS number FROM record'),
      all: database.prepare('SELECT * FROM record ORDER BY number'),
      some: database.prepare('SELECT * FROM record WHERE number > ? ORDER BY number LIMIT ?'),
      bar: database.prepare('UPDATE record SET barred = max(barred, ?) WHERE ref = ?'),
      allowAgain: database.prepare('UPDATE record SET barred = 0 WHERE ref = ? AND barred = ?'),
      remove: database.prepare('DELETE FROM record WHERE ref = ?'),
      count: database.prepare('SELECT count(*) AS total FROM record'),
      page: database.prepare(
        `SELECT r.*, (SELECT count(*) FROM event e WHERE e.ref = r.ref AND e.state <> 'refused') AS events
         FROM record r WHERE r.number > ? ORDER BY r.number LIMIT ?`,
      ),
    };
  }

  /** How many records were made or restored since the store was opened: who was unknown at the same count still is. */
  get made(): number {
    return this.#made;
  }

  /** The record of a patient that new events go to: the newest one. */
  live(patient: string): PatientRecord | undefined {
    const row = this.#statements.live.get(this.#ring.tagOf(patient)) as Row | undefined;
    return row && this.#opened(row);
  }

  /** All records of a patient, the oldest first. */
  refsOf(patient: string): ConsentRef[] {
    const rows = this.#statements.refs.all(this.#ring.tagOf(patient)) as { ref: ConsentRef }[];
    return rows.map(({ ref }) => ref);
  }

  byRef(ref: ConsentRef): PatientRecord | undefined {
    const row = this.#statements.byRef.get(ref) as Row | undefined;
    return row && this.#opened(row);
  }

  /** A new record. Ref, salt and key are random. */
  make(patient: string, placement: Placement, now: number): PatientRecord {
    const random = nextRandom();
    const record: PatientRecord = {
      ref: random.toString('hex', 0, REF_BYTES) as ConsentRef,
      patient,
      salt: random.toString('hex', REF_BYTES, REF_BYTES + SALT_BYTES) as ConsentSalt,
      key: random.subarray(REF_BYTES + SALT_BYTES),
      placement,
      barred: BARRED.no,
      madeAt: now,
    };
    this.#add(record, this.#nextNumber());
    return record;
  }

  /** A record of a backup. Where the patient has one here already, that one is newer, and stays the live one. */
  addRestored(record: PatientRecord): void {
    const { number: first } = this.#statements.first.get() as { number: number | null };
    const isOlder = this.refsOf(record.patient).some((ref) => (this.byRef(ref)?.madeAt ?? 0) > record.madeAt);
    this.#add(record, isOlder ? (first ?? 1) - 1 : this.#nextNumber());
    if (record.barred !== BARRED.no) this.bar(record.ref, record.barred);
  }

  /** Of the next records by number, those that are wanted, opened; and the number after which the next page begins. */
  some(
    after: number,
    items: number,
    wanted: (ref: ConsentRef) => boolean,
  ): Readonly<{ records: PatientRecord[]; next: number | undefined }> {
    const rows = this.#statements.some.all(after, items) as Row[];
    const records = rows.flatMap((row) => (wanted(row.ref) ? [this.#opened(row)] : []));
    return { records, next: rows.at(-1)?.number };
  }

  /** All, the oldest first. */
  *each(): IterableIterator<PatientRecord> {
    for (const row of this.#statements.all.iterate() as Iterable<Row>) yield this.#opened(row);
  }

  /** Numbers go up, and leave out those of a transaction that was rolled back. */
  #nextNumber(): number {
    this.#lastNumber ??= (this.#statements.last.get() as { number: number | null }).number ?? 0;
    this.#lastNumber += 1;
    return this.#lastNumber;
  }

  #add(record: PatientRecord, number: number): void {
    this.#made += 1;
    const { ref, patient, salt, key, placement, madeAt } = record;
    const link = seal(key, linkPlace(ref), Buffer.concat([Buffer.from(salt, 'hex'), Buffer.from(patient, 'utf8')]));
    this.#statements.add.run(
      ref,
      this.#ring.tagOf(patient),
      this.#ring.wrap(ref, key),
      link,
      madeAt,
      number,
      placement,
    );
  }

  has(ref: ConsentRef): boolean {
    return this.#statements.byRef.get(ref) !== undefined;
  }

  /** A later grant is on the channel: what the channel refused before it does not bar the record any more. */
  allowAgain({ ref, barred }: PatientRecord, kind: ConsentKind): void {
    if (barred === BARRED.restrictionRefused && (kind === 'grant' || kind === 'opt-in'))
      this.#statements.allowAgain.run(ref, BARRED.restrictionRefused);
  }

  /** The stronger bar stands: one that is being erased stays so. */

  bar(ref: ConsentRef, barred: number): void {
    this.#statements.bar.run(barred, ref);
  }

  /** Key, salt and link are gone. */
  destroy(ref: ConsentRef): void {
    this.#statements.remove.run(ref);
  }

  total(): number {
    return (this.#statements.count.get() as { total: number }).total;
  }

  /** In the order in which they were made. */
  page(after: number, items: number): Page<RecordHead> {
    const rows = this.#statements.page.all(after, items + 1) as (Row & { events: number })[];
    const shown = rows.slice(0, items);
    return {
      items: shown.map((row) => {
        const { ref, patient, madeAt } = this.#opened(row);
        return { ref, patient, madeAt, events: row.events };
      }),
      cursor: rows.length > items ? String(shown.at(-1)?.number) : null,
      total: this.total(),
    };
  }

  #opened({ ref, key: wrapped, link, placement, barred, made_at: madeAt }: Row): PatientRecord {
    const key = this.#ring.unwrap(ref, wrapped);
    const plain = unseal(key, linkPlace(ref), link);
    return {
      ref,
      key,
      salt: plain.toString('hex', 0, SALT_BYTES) as ConsentSalt,
      patient: plain.toString('utf8', SALT_BYTES),
      placement,
      barred,
      madeAt,
    };
  }
}

export function linkPlace(ref: ConsentRef) {
  return { table: 'record.link', key: ref };
}
