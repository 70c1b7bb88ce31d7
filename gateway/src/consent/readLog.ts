/** The log of reads: who asked for what, when. Each entry is hashed with the one before it, so that none is lost unseen. */
import { createHash, randomBytes } from 'node:crypto';
import {
  type ConsentRef,
  canonicalJson,
  type Digest,
  keyRange,
  type Msp,
  ReadLogHead,
  refusal,
} from '@consilium/domain';
import type { Database } from '@consilium/sqlite';
import type { Clock } from '../agent/ports.js';
import type { ConsentLedger } from './consentPorts.js';
import type { Asked, Page, ReadAsked, ReadEntry } from './consentTypes.js';
import { type Keyring, readProperty, writeProperty } from './keyring.js';

const FIRST = Buffer.alloc(32);
const CHAIN_BYTES = 8;

type Said = Omit<ReadEntry, 'hash'>;
type Row = { chain: string; position: number; day: string; at: number; entry: Uint8Array; hash: Uint8Array };

/** How the log stands at the end of a day. */
export type DayHead = Readonly<{ day: string; head: Digest; entries: number }>;
export type ReadLogReport = Readonly<{
  entries: number;
  days: number;
  /** Days whose head stands on the channel, and agrees. */
  anchoredDays: number;
  head: Digest | null;
}>;

export class ReadLog {
  readonly #ring: Keyring;
  readonly #ledger: ConsentLedger;
  readonly #msp: Msp;
  readonly #clock: Clock;
  readonly #statements;
  /** A store begins a chain of its own; one that was restored keeps the old ones too. */
  readonly #chain: string;

  constructor(database: Database, ring: Keyring, ledger: ConsentLedger, msp: Msp, clock: Clock) {
    this.#ring = ring;
    this.#ledger = ledger;
    this.#msp = msp;
    this.#clock = clock;
    const known = readProperty(database, 'readChain');
    this.#chain = known ? Buffer.from(known).toString('hex') : randomBytes(CHAIN_BYTES).toString('hex');
    if (!known) writeProperty(database, 'readChain', Buffer.from(this.#chain, 'hex'));
    this.#statements = {
      last: database.prepare('SELECT * FROM read_entry WHERE chain = ? ORDER BY position DESC LIMIT 1'),
      add: database.prepare(
        'INSERT INTO read_entry (chain, position, day, at, ref, entry, hash) VALUES (?, ?, ?, ?, ?, ?, ?)',
      ),
      all: database.prepare('SELECT * FROM read_entry ORDER BY chain, position'),
      page: database.prepare(
        `SELECT * FROM read_entry WHERE (?1 IS NULL OR ref = ?1) AND at >= ?2 AND at < ?3 AND (at, chain, position) > (?4, ?5, ?6)
         ORDER BY at, chain, position LIMIT ?7`,
      ),
      total: database.prepare(
        'SELECT count(*) AS total FROM read_entry WHERE (?1 IS NULL OR ref = ?1) AND at >= ?2 AND at < ?3',
      ),
      heads: database.prepare(
        `SELECT day, hash, position FROM read_entry e WHERE chain = ?1 AND position =
         (SELECT max(position) FROM read_entry l WHERE l.chain = ?1 AND l.day = e.day) ORDER BY day`,
      ),
    };
  }

  /** Durable before it returns. */
  log({ by, kind, ref, query }: ReadAsked): void {
    const last = this.#statements.last.get(this.#chain) as Row | undefined;
    // Days follow each other in the log, even where the clock was set back.
    const at = Math.max(this.#clock.now(), last?.at ?? 0);
    const said: Said = {
      chain: this.#chain,
      position: (last?.position ?? -1) + 1,
      day: new Date(at).toISOString().slice(0, 10),
      at,
      by: { name: by.name, role: by.role ?? null },
      kind,
      ref: ref ?? null,
      query: query ?? null,
    };
    const sealed = this.#ring.seal('read_entry', `${said.chain}/${said.position}`, JSON.stringify(said));
    const hash = chained(last ? Buffer.from(last.hash) : FIRST, said);
    this.#statements.add.run(said.chain, said.position, said.day, at, said.ref, sealed, hash);
  }

  page(asked: Asked & Readonly<{ ref?: ConsentRef | undefined; from?: number; to?: number }>): Page<ReadEntry> {
    const { ref = null, from = 0, to = Number.MAX_SAFE_INTEGER, items } = asked;
    const [at = -1, chain = '', position = -1] = readCursor(asked.cursor);
    const rows = this.#statements.page.all(ref, from, to, at, chain, position, items + 1) as Row[];
    const shown = rows.slice(0, items).map((row) => this.#opened(row));
    const last = shown.at(-1);
    const { total } = this.#statements.total.get(ref, from, to) as { total: number };
    const cursor = rows.length > items && last ? `${last.at} ${last.chain} ${last.position}` : null;
    return { items: shown, cursor, total };
  }

  /** Of the store's own chain: what is anchored. `entries` counts all until the end of that day. */
  heads(): DayHead[] {
    const rows = this.#statements.heads.all(this.#chain) as { day: string; hash: Uint8Array; position: number }[];
    return rows.map(({ day, hash, position }) => ({ day, head: hex(hash), entries: position + 1 }));
  }

  /**
   * Goes through every entry, and holds the days' heads against those on the channel.
   * @throws ConsiliumError READ_LOG_BROKEN
   */
  verify(): ReadLogReport {
    const rows = this.#statements.all.all() as Row[];
    const heads = new Map<string, Set<string>>();
    const days = new Set<string>();
    let before: Row | undefined;
    for (const row of rows) {
      const follows = before?.chain === row.chain ? before : undefined;
      this.#verifyOne(row, follows);
      days.add(row.day);
      const stood = heads.get(row.day) ?? new Set();
      heads.set(row.day, stood.add(`${hex(row.hash)} ${row.position + 1}`));
      before = row;
    }
    const anchored = this.#anchored();
    for (const { day, head, entries } of anchored)
      if (!heads.get(day)?.has(`${head} ${entries}`))
        throw broken(
          `the head of ${day} on the channel, after ${entries} entries, is not in the log: entries are missing`,
        );
    const own = this.#statements.last.get(this.#chain) as Row | undefined;
    return { entries: rows.length, days: days.size, anchoredDays: anchored.length, head: own ? hex(own.hash) : null };
  }

  #verifyOne(row: Row, follows: Row | undefined): void {
    const where = `entry ${row.position} of ${row.day}`;
    if (row.position !== (follows?.position ?? -1) + 1) throw broken(`what stands before ${where} is missing`);
    let said: Said;
    try {
      said = this.#said(row);
    } catch {
      throw broken(`${where} was changed`);
    }
    const expected = chained(follows ? Buffer.from(follows.hash) : FIRST, said);
    if (!expected.equals(Buffer.from(row.hash)) || said.day !== row.day || said.at !== row.at)
      throw broken(`${where} was changed`);
  }

  #anchored(): ReadLogHead[] {
    const { start, end } = keyRange('readlog', this.#msp);
    return this.#ledger.range(start, end).map(({ value }) => ReadLogHead.parse(value));
  }

  #opened(row: Row): ReadEntry {
    return { ...this.#said(row), hash: hex(row.hash) };
  }

  #said({ chain, position, entry }: Row): Said {
    return JSON.parse(this.#ring.unseal('read_entry', `${chain}/${position}`, entry).toString('utf8'));
  }
}

/** SHA-256(0x06 ‖ hash of the entry before ‖ SHA-256(canonical JSON of this one)). */
function chained(before: Buffer, said: Said): Buffer {
  const own = createHash('sha256').update(canonicalJson(said), 'utf8').digest();
  return createHash('sha256').update(Buffer.of(0x06)).update(before).update(own).digest();
}

/** Instant, chain and position of the last entry of the page before. */
function readCursor(cursor: string | undefined): [number, string, number] | [] {
  if (cursor === undefined) return [];
  const parts = /^(\d{1,15}) ([0-9a-f]{16}) (\d{1,15})$/.exec(cursor);
  if (!parts) throw refusal('PAGE_CURSOR_INVALID', {});
  return [Number(parts[1]), parts[2] as string, Number(parts[3])];
}

function hex(bytes: Uint8Array): Digest {
  return Buffer.from(bytes).toString('hex') as Digest;
}

function broken(problem: string) {
  return refusal('READ_LOG_BROKEN', { problem });
}
