import { type Database, inTransaction } from '@consilium/sqlite';
import { buffer, sameBytes, sha256 } from '../wire/bytes.js';
import { encode, ledger } from '../wire/proto.js';
import { type PrivateUpdate, PrivateValues } from './privateValues.js';
import type { PrivateSet } from './readWriteSetBuilder.js';
import type { Expiry, Purge } from './stateUpdates.js';
import type { Version } from './version.js';

const { kvrwset } = ledger.rwset;

/** A private set as a block committed it. */
export interface CommittedSet extends PrivateSet {
  readonly version: Version;
}

/** What a block means for the private data of one peer. */
export interface PrivateEffects {
  readonly sets: readonly CommittedSet[];
  readonly updates: readonly PrivateUpdate[];
  readonly purges: readonly Purge[];
  readonly expiries: readonly Expiry[];
}

/** Names one private set of a transaction that a block committed. */
export interface WantedSet {
  readonly transactionId: string;
  readonly namespace: string;
  readonly collection: string;
  readonly version: Version;
  /** SHA-256 of the set, as the transaction carries it. */
  readonly hash: Buffer;
}

const SCHEMA = `
CREATE TABLE IF NOT EXISTS endorsed (
  transaction_id TEXT, namespace TEXT, collection TEXT, bytes BLOB NOT NULL, height INTEGER NOT NULL,
  PRIMARY KEY (transaction_id, namespace, collection));
CREATE TABLE IF NOT EXISTS committed (
  namespace TEXT, collection TEXT, block INTEGER, place INTEGER, bytes BLOB NOT NULL,
  PRIMARY KEY (namespace, collection, block, place));
CREATE INDEX IF NOT EXISTS committed_by_block ON committed (block);
`;

/** Blocks after which an endorsed set that no block committed is dropped (Fabric's `transientBlockRetention`). */
const ENDORSED_SET_BLOCKS_MAX = 1_000;

/**
 * The private data that one hospital's peer holds: write sets, first as endorsed, then as committed, and the latest
 * values. Nobody else has them, so they are on disk before an endorsement is answered.
 */
export class PrivateStore {
  /** The latest values. */
  readonly values: PrivateValues;
  readonly #database: Database;

  constructor(database: Database) {
    // Deleted private values must not stay readable in the file.
    database.exec('PRAGMA secure_delete = ON');
    database.exec(SCHEMA);
    this.#database = database;
    this.values = new PrivateValues(database);
  }

  /** Keeps the sets of a transaction that is being endorsed at this height. */
  keepEndorsed(transactionId: string, sets: readonly PrivateSet[], height: number): void {
    const insert = this.#database.prepare('INSERT OR REPLACE INTO endorsed VALUES (?, ?, ?, ?, ?)');
    inTransaction(this.#database, () => {
      for (const { namespace, collection, bytes } of sets) {
        insert.run(transactionId, namespace, collection, bytes, height);
      }
    });
  }

  /** The set of a transaction with this hash, if this peer has it, endorsed or committed. */
  find({ transactionId, namespace, collection, version: at, hash }: WantedSet): Buffer | undefined {
    const committed = this.#database
      .prepare('SELECT bytes FROM committed WHERE namespace = ? AND collection = ? AND block = ? AND place = ?')
      .get(namespace, collection, at.block, at.transaction) as { bytes: Uint8Array } | undefined;
    // Checked against its hash when it was committed; a purge since then may have taken keys out of it.
    if (committed) return buffer(committed.bytes);
    const endorsed = this.#database
      .prepare('SELECT bytes FROM endorsed WHERE transaction_id = ? AND namespace = ? AND collection = ?')
      .get(transactionId, namespace, collection) as { bytes: Uint8Array } | undefined;
    return endorsed && sameBytes(sha256(endorsed.bytes), hash) ? buffer(endorsed.bytes) : undefined;
  }

  /**
   * Keeps what a block commits, carries its purges out and forgets endorsed sets that are old or done with (`ids`: the
   * block's transactions). May be called again for the same block after a crash.
   */
  commit(block: number, { sets, updates, purges, expiries }: PrivateEffects, ids: readonly string[]): void {
    inTransaction(this.#database, () => {
      const insert = this.#database.prepare('INSERT OR REPLACE INTO committed VALUES (?, ?, ?, ?, ?)');
      for (const { namespace, collection, version, bytes } of sets) {
        insert.run(namespace, collection, version.block, version.transaction, bytes);
      }
      const forget = this.#database.prepare('DELETE FROM endorsed WHERE transaction_id = ?');
      for (const id of ids) forget.run(id);
      this.#database.prepare('DELETE FROM endorsed WHERE height < ?').run(block - ENDORSED_SET_BLOCKS_MAX);
      this.values.apply(updates);
      for (const purge of purges) this.#purge(purge);
      for (const expiry of expiries) this.#expire(expiry);
    });
    // Deleted values would stay readable in the write-ahead log until it is next folded into the database.
    if (purges.length + expiries.length > 0) this.#database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  }

  /** The sets that a block committed at this peer, in the block's order. */
  committedIn(block: number): CommittedSet[] {
    const rows = this.#database
      .prepare('SELECT * FROM committed WHERE block = ? ORDER BY place, namespace, collection')
      .all(block) as unknown as { namespace: string; collection: string; place: number; bytes: Uint8Array }[];
    return rows.map(({ namespace, collection, place, bytes }) => {
      return { namespace, collection, version: { block, transaction: place }, bytes: buffer(bytes) };
    });
  }

  /** Forgets what a block wrote into a collection whose time is up, as far as it has not been overwritten since. */
  #expire({ namespace, collection, writtenIn }: Expiry): void {
    this.values.expire(namespace, collection, writtenIn);
    this.#database
      .prepare('DELETE FROM committed WHERE namespace = ? AND collection = ? AND block <= ?')
      .run(namespace, collection, writtenIn);
  }

  /** Takes a key out of every set that was committed before the purge. */
  #purge({ namespace, collection, keyHash, version }: Purge): void {
    const rows = this.#database
      .prepare('SELECT block, place, bytes FROM committed WHERE namespace = ? AND collection = ?')
      .all(namespace, collection) as unknown as { block: number; place: number; bytes: Uint8Array }[];
    const update = this.#database.prepare(
      'UPDATE committed SET bytes = ? WHERE namespace = ? AND collection = ? AND block = ? AND place = ?',
    );
    for (const row of rows) {
      if (row.block > version.block || (row.block === version.block && row.place > version.transaction)) continue;
      const set = kvrwset.KVRWSet.deserializeBinary(row.bytes);
      const kept = set
        .getWritesList()
        .filter((write) => sha256(Buffer.from(write.getKey())).toString('hex') !== keyHash);
      if (kept.length === set.getWritesList().length) continue;
      set.setWritesList(kept);
      update.run(encode(set), namespace, collection, row.block, row.place);
    }
  }
}
