import type { Database } from '@consilium/sqlite';
import { buffer } from '../wire/bytes.js';
import type { Version } from './version.js';

/** A key within a range, with its value. */
export interface StateEntry {
  readonly key: string;
  readonly value: Buffer;
  readonly version: Version;
}

/** A part of the key space: from `start` (without it, if `after`) to before `end` ('' for no end), `count` keys at most. */
export interface KeyRange {
  readonly start: string;
  readonly after: boolean;
  readonly end: string;
  readonly count: number;
}

/** A row of a table that keeps values by key. */
export interface EntryRow {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly block: number;
  readonly place: number;
}

type Statement = ReturnType<Database['prepare']>;

/**
 * Reads ranges of a table; `where` fixes the space that the keys belong to. The number of keys stands in the statement: as
 * an argument it would have SQLite plan the query anew each time, which takes longer than reading a key.
 */
export class RangeStatements {
  readonly #database: Database;
  readonly #select: string;
  readonly #prepared = new Map<string, Statement>();

  constructor(database: Database, table: string, where: string) {
    this.#database = database;
    this.#select = `SELECT key, value, block, place FROM ${table} WHERE ${where} AND key >= ?`;
  }

  /** Entries of a range in the order of their keys' bytes. `space`: what `where` asks for. */
  read(space: readonly string[], range: KeyRange): StateEntry[] {
    const { end, count } = range;
    const text = `${this.#select}${end === '' ? '' : ' AND key < ?'} ORDER BY key LIMIT ${Math.trunc(count)}`;
    let statement = this.#prepared.get(text);
    if (!statement) {
      statement = this.#database.prepare(text);
      this.#prepared.set(text, statement);
    }
    return (statement.all(...space, ...bounds(range)) as unknown as EntryRow[]).map(entryOf);
  }
}

/** The bounds of a range as arguments of its query. Nothing lies between a key and the same key with a NUL behind it. */
function bounds({ start, after, end }: KeyRange): Buffer[] {
  const from = after ? Buffer.concat([Buffer.from(start), Buffer.of(0)]) : Buffer.from(start);
  return end === '' ? [from] : [from, Buffer.from(end)];
}

function entryOf(row: EntryRow): StateEntry {
  return {
    key: buffer(row.key).toString(),
    value: buffer(row.value),
    version: { block: row.block, transaction: row.place },
  };
}
