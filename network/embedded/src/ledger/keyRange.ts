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

/** SQL for a range; `where` fixes the space that the keys belong to. */
export function rangeQuery(table: string, where: string, hasEnd: boolean): string {
  const end = hasEnd ? ' AND key < ?' : '';
  return `SELECT key, value, block, place FROM ${table} WHERE ${where} AND key >= ?${end} ORDER BY key LIMIT ?`;
}

/** The bounds of a range as arguments of its query. Nothing lies between a key and the same key with a NUL behind it. */
export function rangeBounds({ start, after, end, count }: KeyRange): (Buffer | number)[] {
  const from = after ? Buffer.concat([Buffer.from(start), Buffer.of(0)]) : Buffer.from(start);
  return end === '' ? [from, count] : [from, Buffer.from(end), count];
}

/** An entry from its row. */
export function entryOf(row: EntryRow): StateEntry {
  return {
    key: buffer(row.key).toString(),
    value: buffer(row.value),
    version: { block: row.block, transaction: row.place },
  };
}
