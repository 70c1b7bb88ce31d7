import type { Database } from '@consilium/sqlite';
import { buffer } from '../wire/bytes.js';
import { type EntryRow, type KeyRange, RangeStatements, type StateEntry } from './keyRange.js';
import type { Version } from './version.js';

/** A private value that this hospital's peer may hold. */
export interface PrivateUpdate {
  readonly namespace: string;
  readonly collection: string;
  readonly key: string;
  /** Undefined deletes it. */
  readonly value: Buffer | undefined;
  readonly version: Version;
}

const SCHEMA = `
CREATE TABLE IF NOT EXISTS private_values (
  namespace TEXT, collection TEXT, key BLOB, value BLOB NOT NULL, block INTEGER NOT NULL, place INTEGER NOT NULL,
  PRIMARY KEY (namespace, collection, key)) WITHOUT ROWID;
`;
const IN_COLLECTION = 'namespace = ? AND collection = ?';

/** The latest private values of one hospital's peer. */
export class PrivateValues {
  readonly #get;
  readonly #put;
  readonly #remove;
  readonly #ranges: RangeStatements;
  readonly #expire;

  constructor(database: Database) {
    database.exec(SCHEMA);
    this.#get = database.prepare(
      `SELECT key, value, block, place FROM private_values WHERE ${IN_COLLECTION} AND key = ?`,
    );
    this.#put = database.prepare('INSERT OR REPLACE INTO private_values VALUES (?, ?, ?, ?, ?, ?)');
    this.#remove = database.prepare(`DELETE FROM private_values WHERE ${IN_COLLECTION} AND key = ?`);
    this.#expire = database.prepare(`DELETE FROM private_values WHERE ${IN_COLLECTION} AND block <= ?`);
    this.#ranges = new RangeStatements(database, 'private_values', IN_COLLECTION);
  }

  /** A value and where it was written; undefined where this peer does not hold it. */
  get(namespace: string, collection: string, key: string): { value: Buffer; version: Version } | undefined {
    const row = this.#get.get(namespace, collection, Buffer.from(key)) as EntryRow | undefined;
    return row && { value: buffer(row.value), version: { block: row.block, transaction: row.place } };
  }

  /** Keys of a collection in the order of their bytes. */
  range(namespace: string, collection: string, range: KeyRange): StateEntry[] {
    return this.#ranges.read([namespace, collection], range);
  }

  /** Deletes what a block wrote into a collection, as far as it still stands. Within a transaction, as `apply`. */
  expire(namespace: string, collection: string, block: number): void {
    this.#expire.run(namespace, collection, block);
  }

  /** To be called within a transaction of the database. */
  apply(updates: readonly PrivateUpdate[]): void {
    for (const { namespace, collection, key, value, version } of updates) {
      if (!value) this.#remove.run(namespace, collection, Buffer.from(key));
      else this.#put.run(namespace, collection, Buffer.from(key), value, version.block, version.transaction);
    }
  }
}
