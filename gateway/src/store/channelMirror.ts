/** The channel's state as this hospital's peer has committed it, kept in the hospital's database. */
import type { Msp } from '@consilium/domain';
import { type Database, inTransaction } from '@consilium/sqlite';
import type { ChannelState, Log } from '../agent/ports.js';
import { FORGET_CONSENTS } from './consentTables.js';
import { ConsentWriter } from './consentWriter.js';
import { namedDigest } from './namedDigest.js';

/** What one valid transaction wrote. */
export type MirroredTransaction = Readonly<{
  block: number;
  transactionId: string;
  writes: readonly Readonly<{ key: string; value: unknown }>[];
}>;

/** Where to go on: after this transaction of this block. */
export type MirrorCheckpoint = Readonly<{ block: number; transactionId: string }>;

/** Parsed values that are kept in memory. */
const VALUES_CACHED_MAX = 20_000;

/** Values it gives are frozen: many readers share one. */
export class ChannelMirror implements ChannelState {
  readonly #database: Database;
  readonly #own: Msp;
  readonly #log: Log;
  readonly #listeners = new Set<(transactions: readonly MirroredTransaction[]) => void>();
  readonly #values = new Map<string, unknown>();
  readonly #statements;
  readonly #consents: ConsentWriter;
  #checkpoint: MirrorCheckpoint | undefined;
  /** Writes of the checkpoint's block that were taken in. */
  #blockWrites = 0;

  constructor(database: Database, own: Msp, log: Log) {
    this.#database = database;
    this.#own = own;
    this.#log = log;
    this.#statements = {
      value: database.prepare('SELECT value FROM mirror WHERE key = ?'),
      record: database.prepare('SELECT block, transaction_id FROM mirror WHERE key = ?'),
      keys: database.prepare('SELECT key FROM mirror WHERE key >= ? AND key < ? ORDER BY key'),
      write: database.prepare('INSERT OR REPLACE INTO mirror (key, value, block, transaction_id) VALUES (?, ?, ?, ?)'),
      transaction: database.prepare('SELECT block FROM mirror_transaction WHERE transaction_id = ?'),
      took: database.prepare('INSERT OR IGNORE INTO mirror_transaction (transaction_id, block) VALUES (?, ?)'),
      checkpoint: database.prepare(
        'INSERT OR REPLACE INTO checkpoint (only, block, transaction_id, block_writes) VALUES (1, ?, ?, ?)',
      ),
      name: database.prepare('INSERT OR IGNORE INTO named_digest (digest, study, own) VALUES (?, ?, ?)'),
    };
    this.#consents = new ConsentWriter(database);
    const found = database.prepare('SELECT block, transaction_id, block_writes FROM checkpoint').get() as
      | (RecordRow & { block_writes: number })
      | undefined;
    this.#checkpoint = found ? recordOf(found) : undefined;
    this.#blockWrites = found?.block_writes ?? 0;
  }

  height(): number {
    return this.#checkpoint ? this.#checkpoint.block + 1 : 0;
  }

  get(key: string): unknown {
    if (this.#values.has(key)) return this.#values.get(key);
    const row = this.#statements.value.get(key) as { value: string } | undefined;
    const value = row ? deepFreeze(JSON.parse(row.value)) : undefined;
    this.#remember(key, value);
    return value;
  }

  range(start: string, end: string): Array<{ key: string; value: unknown }> {
    const rows = this.#statements.keys.all(start, end) as { key: string }[];
    return rows.map(({ key }) => ({ key, value: this.get(key) }));
  }

  onChange(listener: () => void): () => void {
    return this.onTransactions(() => listener());
  }

  /** Calls back after each change with what brought it. Returns how to stop. */
  onTransactions(listener: (transactions: readonly MirroredTransaction[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The transaction that wrote a key last. */
  recordOf(key: string): MirrorCheckpoint | undefined {
    const row = this.#statements.record.get(key) as RecordRow | undefined;
    return row ? recordOf(row) : undefined;
  }

  /** The block of a transaction that the mirror has taken in. */
  blockOf(transactionId: string): number | undefined {
    return (this.#statements.transaction.get(transactionId) as { block: number } | undefined)?.block;
  }

  checkpoint(): MirrorCheckpoint | undefined {
    return this.#checkpoint;
  }

  /** Takes in transactions in the channel's order, all or none, with the checkpoint that says so. */
  take(transactions: readonly MirroredTransaction[]): void {
    const last = transactions.at(-1);
    if (!last) return;
    const { placed, blockWrites } = this.#placed(transactions);
    try {
      inTransaction(this.#database, () => {
        for (const { block, transactionId, writes } of transactions) {
          this.#statements.took.run(transactionId, block);
          for (const { key, value } of writes) this.#write(key, value, block, transactionId);
        }
        this.#consents.take(placed);
        this.#statements.checkpoint.run(last.block, last.transactionId, blockWrites);
      });
    } catch (error) {
      this.#consents.forget();
      throw error;
    }
    this.#blockWrites = blockWrites;
    for (const { writes } of transactions) for (const { key } of writes) this.#values.delete(key);
    this.#checkpoint = { block: last.block, transactionId: last.transactionId };
    this.#tell(transactions);
  }

  /** Forgets all, so that it is rebuilt from the first block. */
  clear(): void {
    inTransaction(this.#database, () => {
      this.#database.exec(
        `DELETE FROM mirror; DELETE FROM mirror_transaction; DELETE FROM named_digest; DELETE FROM checkpoint; ${FORGET_CONSENTS}`,
      );
    });
    this.#values.clear();
    this.#consents.forget();
    this.#checkpoint = undefined;
    this.#blockWrites = 0;
  }

  /** Each write with its place: the block, and which of the block's writes it is, from 0. */
  #placed(transactions: readonly MirroredTransaction[]) {
    let block = this.#checkpoint?.block ?? -1;
    let position = this.#blockWrites;
    const placed = transactions.flatMap((transaction) => {
      if (transaction.block !== block) position = 0;
      block = transaction.block;
      return transaction.writes.map(({ key, value }) => {
        const place = { block, position };
        position += 1;
        return { key, value, place };
      });
    });
    return { placed, blockWrites: position };
  }

  #write(key: string, value: unknown, block: number, transactionId: string): void {
    this.#statements.write.run(key, JSON.stringify(value), block, transactionId);
    const named = namedDigest(key, value);
    if (named) this.#statements.name.run(named.digest, named.study, named.by === this.#own ? 1 : 0);
  }

  #remember(key: string, value: unknown): void {
    if (this.#values.size >= VALUES_CACHED_MAX) {
      const [oldest] = this.#values.keys();
      this.#values.delete(oldest as string);
    }
    this.#values.set(key, value);
  }

  #tell(transactions: readonly MirroredTransaction[]): void {
    for (const listener of this.#listeners) {
      try {
        listener(transactions);
      } catch (error) {
        this.#log.error({ error }, 'a listener of the channel failed');
      }
    }
  }
}

type RecordRow = { block: number; transaction_id: string };

function recordOf({ block, transaction_id: transactionId }: RecordRow): MirrorCheckpoint {
  return { block, transactionId };
}

function deepFreeze(value: unknown): unknown {
  if (typeof value === 'object' && value !== null) {
    Object.freeze(value);
    for (const member of Object.values(value)) deepFreeze(member);
  }
  return value;
}
