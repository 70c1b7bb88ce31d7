import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Digest, type StudyId, sha256Hex } from '@consilium/domain';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Log } from '../agent/ports.js';
import { FileBlobs } from './fileBlobs.js';
import { SqliteJournal } from './journal.js';
import { SqlitePersonalStore } from './personalTensors.js';
import { openStore } from './schema.js';

const HEART = 'heart' as StudyId;
const OWNER = { msp: 'ClevelandMSP', channel: 'consilium' };
const log: Log = { info: () => {}, warn: () => {}, error: jest.fn<Log['error']>() };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'store-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('the journal', () => {
  test('keeps the last value of a name after the database is opened again', () => {
    const file = join(folder, 'hospital.db');
    const database = openStore(file, OWNER);
    const journal = new SqliteJournal(database);
    journal.set(HEART, 3, 'vector', 'a');
    journal.set(HEART, 3, 'vector', 'b');
    database.close();
    const again = new SqliteJournal(openStore(file, OWNER));
    expect(again.get(HEART, 3, 'vector')).toBe('b');
    expect(again.get(HEART, 4, 'vector')).toBeUndefined();
  });
});

describe('personal tensors', () => {
  test('come back bit for bit, and a second set replaces the first', () => {
    const store = new SqlitePersonalStore(openStore(join(folder, 'hospital.db'), OWNER));
    store.set(HEART, 1, new Map([['head/kernel', new Float32Array([1])]]));
    store.set(HEART, 1, new Map([['output/bias', new Float32Array([0.1, -0, Number.NaN, 3e38])]]));
    const tensors = store.get(HEART, 1);
    expect([...(tensors?.keys() ?? [])]).toEqual(['output/bias']);
    const values = tensors?.get('output/bias') as Float32Array;
    expect([...new Uint32Array(values.buffer)]).toEqual([
      ...new Uint32Array(new Float32Array([0.1, -0, Number.NaN, 3e38]).buffer),
    ]);
    expect(store.get(HEART, 2)).toBeUndefined();
  });

  test('are removed for one version alone', () => {
    const store = new SqlitePersonalStore(openStore(join(folder, 'hospital.db'), OWNER));
    for (const version of [1, 2]) store.set(HEART, version, new Map([['output/bias', new Float32Array([version])]]));
    store.remove(HEART, 1);
    store.remove(HEART, 7);
    expect(store.get(HEART, 1)).toBeUndefined();
    expect(store.get(HEART, 2)?.get('output/bias')).toEqual(new Float32Array([2]));
  });
});

describe('blobs', () => {
  test('are found under their digest, in files that only the gateway reads', async () => {
    const blobs = await FileBlobs.open(join(folder, 'blobs'), log);
    const bytes = Buffer.from('a vector');
    const digest = await blobs.put(bytes);
    expect(digest).toBe(sha256Hex(bytes));
    expect(await blobs.has(digest)).toBe(true);
    expect(Buffer.from((await blobs.get(digest)) as Uint8Array).equals(bytes)).toBe(true);
    expect(statSync(join(folder, 'blobs', digest.slice(0, 2), digest)).mode & 0o777).toBe(0o600);
    expect(await blobs.put(bytes)).toBe(digest);
    expect(readdirSync(join(folder, 'blobs', 'unfinished'))).toEqual([]);
  });

  test('bytes that no longer have their digest are never given, and can be stored anew', async () => {
    const blobs = await FileBlobs.open(join(folder, 'blobs'), log);
    const digest = await blobs.put(Buffer.from('a vector'));
    writeFileSync(join(folder, 'blobs', digest.slice(0, 2), digest), 'a victor');
    expect(await blobs.get(digest)).toBeUndefined();
    expect(log.error).toHaveBeenCalled();
    await blobs.put(Buffer.from('a vector'));
    expect(Buffer.from((await blobs.get(digest)) as Uint8Array).toString()).toBe('a vector');
  });

  test('are read piece by piece, each of whole elements, and bytes that no longer have their digest are told', async () => {
    const blobs = await FileBlobs.open(join(folder, 'blobs'), log);
    const bytes = Buffer.alloc(2 * 2 ** 20 + 12, 'a vector');
    const digest = await blobs.put(bytes);
    const pieces: [number, Buffer][] = [];
    const take = (piece: Uint8Array, at: number) => pieces.push([at, Buffer.from(piece)]);
    expect(await blobs.read(digest, take)).toEqual({ digest, bytes: bytes.length });
    expect(Buffer.concat(pieces.map(([, piece]) => piece)).equals(bytes)).toBe(true);
    expect(pieces.map(([at]) => at)).toEqual([0, 2 ** 20, 2 * 2 ** 20]);
    writeFileSync(join(folder, 'blobs', digest.slice(0, 2), digest), bytes.subarray(1));
    expect(await blobs.read(digest, () => undefined)).toBeUndefined();
    expect(await blobs.has(digest)).toBe(false);
    expect(await blobs.read(digest, () => undefined)).toBeUndefined();
  });

  test('are gone once they are removed, and what is not there is no error', async () => {
    const blobs = await FileBlobs.open(join(folder, 'blobs'), log);
    const [gone, kept] = [await blobs.put(Buffer.from('a vector')), await blobs.put(Buffer.from('another one'))];
    await blobs.remove(gone);
    await blobs.remove(gone);
    expect([await blobs.has(gone), await blobs.get(gone)]).toEqual([false, undefined]);
    expect(await blobs.has(kept)).toBe(true);
    expect(readdirSync(join(folder, 'blobs', gone.slice(0, 2)))).not.toContain(gone);
  });

  test('what a crash left unfinished is cleared', async () => {
    await FileBlobs.open(join(folder, 'blobs'), log);
    writeFileSync(join(folder, 'blobs', 'unfinished', 'half'), 'half');
    await FileBlobs.open(join(folder, 'blobs'), log);
    expect(readdirSync(join(folder, 'blobs', 'unfinished'))).toEqual([]);
  });

  test('a digest that is a path is refused', async () => {
    const blobs = await FileBlobs.open(join(folder, 'blobs'), log);
    await expect(blobs.get('../../etc/passwd' as Digest)).rejects.toThrow();
    expect(await blobs.get(sha256Hex('nothing') as Digest)).toBeUndefined();
  });
});
