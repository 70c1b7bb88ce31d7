import { type Database, inTransaction } from '@consilium/sqlite';
import { type Block, dataHashOf, headerHash, packEnvelopes, unpackEnvelopes } from '../wire/block.js';
import { buffer } from '../wire/bytes.js';

/** A chain that does not hold together any more; names the first block that is wrong. */
export class DamagedChainError extends Error {
  readonly block: number;

  constructor(block: number, what: string, cause?: unknown) {
    super(`block ${block} of the stored chain is damaged: ${what}`, { cause });
    this.name = 'DamagedChainError';
    this.block = block;
  }
}

/** Where a transaction stands in the chain. */
export interface Position {
  readonly block: number;
  /** Place in the block, from 0. */
  readonly place: number;
}

interface BlockRow {
  readonly number: number;
  readonly hash: Uint8Array;
  readonly previous: Uint8Array;
  readonly data_hash: Uint8Array;
  readonly content: Uint8Array;
  readonly signatures: Uint8Array;
}

const SCHEMA = `
CREATE TABLE IF NOT EXISTS blocks (
  number INTEGER PRIMARY KEY, hash BLOB NOT NULL, previous BLOB NOT NULL, data_hash BLOB NOT NULL,
  content BLOB NOT NULL, signatures BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS blocks_by_hash ON blocks (hash);
CREATE TABLE IF NOT EXISTS transactions (id TEXT PRIMARY KEY, block INTEGER NOT NULL, place INTEGER NOT NULL) WITHOUT ROWID;
`;

/**
 * The ordered chain on disk: every block, and where each transaction id first stands. What `append` returned for is on
 * disk and survives `kill -9`; everything else that a peer holds can be computed again from it.
 */
export class ChainStore {
  readonly #database: Database;
  readonly #insertBlock;
  readonly #insertTransaction;
  readonly #selectBlock;
  readonly #selectByHash;
  readonly #selectTransaction;
  #height = 0;
  #lastHash: Buffer = Buffer.alloc(0);

  constructor(database: Database) {
    database.exec(SCHEMA);
    this.#database = database;
    this.#insertBlock = database.prepare('INSERT INTO blocks VALUES (?, ?, ?, ?, ?, ?)');
    this.#insertTransaction = database.prepare('INSERT OR IGNORE INTO transactions VALUES (?, ?, ?)');
    this.#selectBlock = database.prepare('SELECT * FROM blocks WHERE number = ?');
    this.#selectByHash = database.prepare('SELECT number FROM blocks WHERE hash = ?');
    this.#selectTransaction = database.prepare('SELECT block, place FROM transactions WHERE id = ?');
    this.#readHeight();
  }

  /** Number of blocks. */
  get height(): number {
    return this.#height;
  }

  /** Hash of the last block's header; empty before block 0. */
  get lastHash(): Buffer {
    return this.#lastHash;
  }

  /** Appends the next block; it is on disk when this returns. `ids`: the transactions' ids in order, '' for none. */
  append(block: Block, ids: readonly string[]): void {
    if (block.number !== this.#height || !block.previousHash.equals(this.#lastHash)) {
      throw new Error(`block ${block.number} does not follow block ${this.#height - 1}`);
    }
    const hash = headerHash(block);
    inTransaction(this.#database, () => {
      const content = packEnvelopes(block.envelopes);
      this.#insertBlock.run(block.number, hash, block.previousHash, block.dataHash, content, block.signatures);
      ids.forEach((id, place) => {
        if (id) this.#insertTransaction.run(id, block.number, place);
      });
    });
    this.#height += 1;
    this.#lastHash = hash;
  }

  /** A block; undefined where the chain is not that long. */
  block(number: number): Block | undefined {
    const row = this.#selectBlock.get(number) as BlockRow | undefined;
    return row && blockOf(row);
  }

  /** The number of the block with this header hash. */
  numberOf(hash: Uint8Array): number | undefined {
    return (this.#selectByHash.get(hash) as { number: number } | undefined)?.number;
  }

  /** Where a transaction id first stands. */
  find(transactionId: string): Position | undefined {
    return this.#selectTransaction.get(transactionId) as Position | undefined;
  }

  /**
   * Walks the whole chain and recomputes every hash. Throws a DamagedChainError with the number of the first block
   * that is missing, altered or unreadable.
   */
  verify(): void {
    let previous: Buffer = Buffer.alloc(0);
    for (let number = 0; number < this.#height; number++) {
      const row = this.#readRow(number);
      if (!row) throw new DamagedChainError(number, 'it is missing');
      const block = readBlock(row);
      if (!dataHashOf(block.envelopes).equals(block.dataHash)) {
        throw new DamagedChainError(number, 'its transactions are not those that its header names');
      }
      if (!block.previousHash.equals(previous)) {
        throw new DamagedChainError(number, 'it does not follow the block before it');
      }
      previous = headerHash(block);
      if (!previous.equals(row.hash)) throw new DamagedChainError(number, 'its header has another hash');
    }
  }

  #readRow(number: number): BlockRow | undefined {
    try {
      return this.#selectBlock.get(number) as BlockRow | undefined;
    } catch (error) {
      throw new DamagedChainError(number, 'it cannot be read', error);
    }
  }

  #readHeight(): void {
    const row = this.#database.prepare('SELECT number, hash FROM blocks ORDER BY number DESC LIMIT 1').get() as
      | { number: number; hash: Uint8Array }
      | undefined;
    if (!row) return;
    this.#height = row.number + 1;
    this.#lastHash = Buffer.from(row.hash);
  }
}

function readBlock(row: BlockRow): Block {
  try {
    return blockOf(row);
  } catch (error) {
    throw new DamagedChainError(row.number, 'its content cannot be read', error);
  }
}

function blockOf(row: BlockRow): Block {
  return {
    number: row.number,
    previousHash: buffer(row.previous),
    dataHash: buffer(row.data_hash),
    envelopes: unpackEnvelopes(buffer(row.content)),
    signatures: buffer(row.signatures),
  };
}
