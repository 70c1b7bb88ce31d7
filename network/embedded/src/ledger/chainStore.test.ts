import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Database, openDatabase } from '@consilium/sqlite';
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import { dataHashOf, headerHash } from '../wire/block.js';
import { ChainStore, DamagedChainError } from './chainStore.js';

const root = mkdtempSync(join(tmpdir(), 'chain-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const BLOCKS = 6;
let database: Database;
let file: string;
let store: ChainStore;
let count = 0;

function nextBlock(envelopes: readonly Buffer[]) {
  return {
    number: store.height,
    previousHash: store.lastHash,
    dataHash: dataHashOf(envelopes),
    envelopes,
    signatures: Buffer.from('s'),
  };
}

beforeEach(() => {
  count += 1;
  file = join(root, `${count}.db`);
  database = openDatabase(file);
  store = new ChainStore(database);
  for (let number = 0; number < BLOCKS; number++) {
    store.append(nextBlock([Buffer.from(`a${number}`), Buffer.from(`b${number}`)]), [`id${number}`, '']);
  }
});

/** Opens the same file again, as a new process would. */
function reopened(): ChainStore {
  database.close();
  database = openDatabase(file);
  return new ChainStore(database);
}

describe('a stored chain', () => {
  test('is found again whole', () => {
    const last = store.lastHash;
    const again = reopened();
    expect(again.height).toBe(BLOCKS);
    expect(again.lastHash).toEqual(last);
    expect(() => again.verify()).not.toThrow();
    expect(again.block(3)?.envelopes.map(String)).toEqual(['a3', 'b3']);
    expect(again.find('id3')).toEqual({ block: 3, place: 0 });
    expect(again.find('id9')).toBeUndefined();
    expect(again.numberOf(headerHash(again.block(2)!))).toBe(2);
  });

  test('keeps the first place of an id that comes twice', () => {
    store.append(nextBlock([Buffer.from('again')]), ['id3']);
    expect(store.find('id3')).toEqual({ block: 3, place: 0 });
  });

  test('takes no block that does not follow', () => {
    const block = nextBlock([Buffer.from('x')]);
    expect(() => store.append({ ...block, number: BLOCKS + 1 }, [''])).toThrow(/does not follow/);
    expect(() => store.append({ ...block, previousHash: Buffer.alloc(32) }, [''])).toThrow(/does not follow/);
    expect(store.height).toBe(BLOCKS);
  });

  test.each([
    ['a changed transaction', "UPDATE blocks SET content = X'0a026133' WHERE number = 3", 3],
    ['content cut off', "UPDATE blocks SET content = X'0a09' WHERE number = 3", 3],
    ['a missing block', 'DELETE FROM blocks WHERE number = 2', 2],
    ['another predecessor', 'UPDATE blocks SET previous = zeroblob(32) WHERE number = 4', 4],
    ['another hash', 'UPDATE blocks SET hash = zeroblob(32) WHERE number = 5', 5],
    [
      'exchanged content',
      'UPDATE blocks SET content = (SELECT content FROM blocks WHERE number = 1) WHERE number = 2',
      2,
    ],
  ])('with %s is refused by the number of the block', (_, sql, number) => {
    database.exec(sql);
    let error: unknown;
    try {
      reopened().verify();
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(DamagedChainError);
    expect((error as DamagedChainError).block).toBe(number);
    expect((error as Error).message).toContain(`block ${number} of the stored chain is damaged`);
  });

  test('rewritten consistently from a block on is refused at the next block', () => {
    // A forger who recomputes the hashes of one block cannot hide it from the block after it.
    const envelopes = [Buffer.from('forged')];
    const forged = { number: 3, previousHash: store.block(3)!.previousHash, dataHash: dataHashOf(envelopes) };
    database
      .prepare('UPDATE blocks SET content = ?, data_hash = ?, hash = ? WHERE number = 3')
      .run(Buffer.from('0a06666f72676564', 'hex'), forged.dataHash, headerHash(forged));
    expect(() => reopened().verify()).toThrow(/block 4 .* does not follow the block before it/);
  });
});
