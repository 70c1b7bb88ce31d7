import { type Database, inTransaction } from '@consilium/sqlite';
import { buffer } from '../wire/bytes.js';
import { type KeyRange, RangeStatements, type StateEntry } from './keyRange.js';
import { type Metadata, packMetadata, unpackMetadata } from './metadata.js';
import type { StateUpdates } from './stateUpdates.js';
import type { Version } from './version.js';

/** A key's value with where it was written and its metadata. */
export interface StateValue {
  readonly value: Buffer;
  readonly metadata: Metadata | undefined;
  readonly version: Version;
}

/** Everything that one block changes at one peer. */
export interface BlockEffects {
  readonly number: number;
  readonly hash: Buffer;
  /** A validation code per transaction. */
  readonly codes: Uint8Array;
  readonly commitHash: Buffer;
  readonly updates: StateUpdates;
}

interface Row {
  readonly value: Uint8Array;
  readonly metadata: Uint8Array | null;
  readonly block: number;
  readonly place: number;
}

// Keys are blobs: their order is that of their UTF-8 bytes, and composite keys contain U+0000. Values of the state stand in
// the order of their writing, beside an index of keys alone: where keys are random, pages of keys with values would each be
// read and written for one of them.
const SCHEMA = `
CREATE TABLE IF NOT EXISTS savepoint (
  only INTEGER PRIMARY KEY CHECK (only = 0), height INTEGER NOT NULL, hash BLOB NOT NULL, commit_hash BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS verdicts (block INTEGER PRIMARY KEY, codes BLOB NOT NULL, commit_hash BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS state (
  namespace TEXT, key BLOB, value BLOB NOT NULL, metadata BLOB, block INTEGER NOT NULL, place INTEGER NOT NULL,
  PRIMARY KEY (namespace, key));
CREATE TABLE IF NOT EXISTS hashes (
  namespace TEXT, collection TEXT, key TEXT, value BLOB NOT NULL, metadata BLOB,
  block INTEGER NOT NULL, place INTEGER NOT NULL, PRIMARY KEY (namespace, collection, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS history (
  namespace TEXT, key BLOB, block INTEGER, place INTEGER, PRIMARY KEY (namespace, key, block, place)) WITHOUT ROWID;
`;

/** A peer commits hundreds of keys in a block; copying pages into the database after each would cost more than the block. */
const WAL_PAGES_MAX = 4_000;
/** What a peer keeps of its state in memory. */
const CACHE_KIB_MAX = 4_096;

const TABLES = ['savepoint', 'verdicts', 'state', 'hashes', 'history'];

/**
 * One peer's state: the latest value of every key, as of its savepoint. It is derived from the chain
 * alone, so its commits need not reach the disk before they are answered: what a crash takes away
 * is computed again at the next start.
 */
export class StateStore {
  readonly #database: Database;
  readonly #statements;
  readonly #ranges: RangeStatements;
  #height: number;
  #hash: Buffer;
  #commitHash: Buffer;

  constructor(database: Database) {
    database.exec('PRAGMA synchronous = NORMAL');
    database.exec(`PRAGMA wal_autocheckpoint = ${WAL_PAGES_MAX}; PRAGMA cache_size = -${CACHE_KIB_MAX}`);
    database.exec(SCHEMA);
    this.#database = database;
    this.#statements = prepare(database);
    this.#ranges = new RangeStatements(database, 'state', 'namespace = ?');
    const row = database.prepare('SELECT height, hash, commit_hash FROM savepoint').get() as
      | { height: number; hash: Uint8Array; commit_hash: Uint8Array }
      | undefined;
    this.#height = row?.height ?? 0;
    this.#hash = row ? buffer(row.hash) : Buffer.alloc(0);
    this.#commitHash = row ? buffer(row.commit_hash) : Buffer.alloc(0);
  }

  /** Number of blocks that the state contains. */
  get height(): number {
    return this.#height;
  }

  /** Hash of the last block that the state contains. */
  get lastHash(): Buffer {
    return this.#hash;
  }

  /** Running hash over all verdicts and changes so far. */
  get commitHash(): Buffer {
    return this.#commitHash;
  }

  get(namespace: string, key: string): StateValue | undefined {
    return stateValueOf(this.#statements.get.get(namespace, Buffer.from(key)) as Row | undefined);
  }

  /** Hash of a private value, by the hex hash of its key. */
  hash(namespace: string, collection: string, keyHash: string): StateValue | undefined {
    return stateValueOf(this.#statements.hash.get(namespace, collection, keyHash) as Row | undefined);
  }

  /** Hex hashes of the keys of a collection that were last written in this block or before. */
  hashesWrittenUpTo(namespace: string, collection: string, block: number): string[] {
    const rows = this.#statements.hashesWrittenUpTo.all(namespace, collection, block) as unknown as { key: string }[];
    return rows.map(({ key }) => key);
  }

  /** Keys of a namespace in the order of their bytes. */
  range(namespace: string, range: KeyRange): StateEntry[] {
    return this.#ranges.read([namespace], range);
  }

  /** Where a key was written, newest first. */
  history(namespace: string, key: string): Version[] {
    const rows = this.#statements.history.all(namespace, Buffer.from(key)) as unknown as Row[];
    return rows.map((row) => ({ block: row.block, transaction: row.place }));
  }

  /** The validation codes of a block and the commit hash after it; undefined beyond the savepoint. */
  verdict(block: number): { codes: Buffer; commitHash: Buffer } | undefined {
    const row = this.#statements.verdict.get(block) as { codes: Uint8Array; commit_hash: Uint8Array } | undefined;
    return row && { codes: buffer(row.codes), commitHash: buffer(row.commit_hash) };
  }

  /** Empties the state, to be computed again from the chain. */
  clear(): void {
    inTransaction(this.#database, () => {
      for (const table of TABLES) this.#database.exec(`DELETE FROM ${table}`);
    });
    this.#height = 0;
    this.#hash = Buffer.alloc(0);
    this.#commitHash = Buffer.alloc(0);
  }

  /** Applies the next block: all of it, or, if this throws, nothing. */
  apply(effects: BlockEffects): void {
    if (effects.number !== this.#height) {
      throw new Error(`block ${effects.number} does not follow a state of height ${this.#height}`);
    }
    inTransaction(this.#database, () => this.#write(effects));
    this.#height = effects.number + 1;
    this.#hash = effects.hash;
    this.#commitHash = effects.commitHash;
  }

  #write({ number, hash, codes, commitHash, updates }: BlockEffects): void {
    const { put, remove, putHash, removeHash, addHistory } = this.#statements;
    for (const [namespace, keys] of updates.publicUpdates) {
      for (const [key, { value, metadata, version }] of keys) {
        if (!value) remove.run(namespace, Buffer.from(key));
        else {
          const packed = packMetadata(metadata) ?? null;
          put.run(namespace, Buffer.from(key), value, packed, version.block, version.transaction);
        }
      }
    }
    for (const [namespace, collections] of updates.hashUpdates) {
      for (const [collection, keys] of collections) {
        for (const [key, { value, metadata, version }] of keys) {
          if (!value) removeHash.run(namespace, collection, key);
          else {
            const packed = packMetadata(metadata) ?? null;
            putHash.run(namespace, collection, key, value, packed, version.block, version.transaction);
          }
        }
      }
    }
    for (const { namespace, key, place } of updates.history) {
      addHistory.run(namespace, Buffer.from(key), number, place);
    }
    this.#statements.addVerdict.run(number, codes, commitHash);
    this.#statements.save.run(number + 1, hash, commitHash);
  }
}

function prepare(database: Database) {
  const inCollection = 'namespace = ? AND collection = ?';
  return {
    get: database.prepare('SELECT value, metadata, block, place FROM state WHERE namespace = ? AND key = ?'),
    hash: database.prepare(`SELECT value, metadata, block, place FROM hashes WHERE ${inCollection} AND key = ?`),
    hashesWrittenUpTo: database.prepare(`SELECT key FROM hashes WHERE ${inCollection} AND block <= ?`),
    history: database.prepare(
      'SELECT block, place FROM history WHERE namespace = ? AND key = ? ORDER BY block DESC, place DESC',
    ),
    verdict: database.prepare('SELECT codes, commit_hash FROM verdicts WHERE block = ?'),
    put: database.prepare('INSERT OR REPLACE INTO state VALUES (?, ?, ?, ?, ?, ?)'),
    remove: database.prepare('DELETE FROM state WHERE namespace = ? AND key = ?'),
    putHash: database.prepare('INSERT OR REPLACE INTO hashes VALUES (?, ?, ?, ?, ?, ?, ?)'),
    removeHash: database.prepare(`DELETE FROM hashes WHERE ${inCollection} AND key = ?`),
    addHistory: database.prepare('INSERT OR REPLACE INTO history VALUES (?, ?, ?, ?)'),
    addVerdict: database.prepare('INSERT OR REPLACE INTO verdicts VALUES (?, ?, ?)'),
    save: database.prepare('INSERT OR REPLACE INTO savepoint VALUES (0, ?, ?, ?)'),
  };
}

function stateValueOf(row: Row | undefined): StateValue | undefined {
  return (
    row && {
      value: buffer(row.value),
      metadata: unpackMetadata(row.metadata),
      version: { block: row.block, transaction: row.place },
    }
  );
}
