/**
 * The keys of a consent store. The master key wraps what the database holds: one key of the store itself, one for the index
 * of patient numbers, and one for each patient's record. So a new master key rewraps, and nothing is encrypted anew.
 */
import { createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { refusal } from '@consilium/domain';
import type { Database } from '@consilium/sqlite';
import { KEY_BYTES, seal, unseal } from './sealing.js';

const WRAPPING = 'consilium consent store: wrapping key 1';
const INDEXING = 'consilium consent store: index key 1';
const STORE_KEYS = ['storeKey', 'indexKey'] as const;

export class Keyring {
  #wrapping: Buffer;
  readonly #store: Buffer;
  readonly #index: Buffer;

  private constructor(wrapping: Buffer, store: Buffer, index: Buffer) {
    this.#wrapping = wrapping;
    this.#store = store;
    this.#index = index;
  }

  /**
   * Opens the keys of a database, or makes them in an empty one.
   * @throws ConsiliumError CONSENT_STORE_LOCKED where the master key is not the one
   */
  static open(database: Database, master: Uint8Array): Keyring {
    const wrapping = wrappingKey(master);
    const wrapped = STORE_KEYS.map((name) => readProperty(database, name));
    if (wrapped.every((bytes) => bytes === undefined)) {
      // The index key comes of the first master key and a salt that is not kept: a later master key cannot make it again.
      const index = Buffer.from(hkdfSync('sha256', master, randomBytes(KEY_BYTES), INDEXING, KEY_BYTES));
      const ring = new Keyring(wrapping, randomBytes(KEY_BYTES), index);
      ring.#write(database);
      return ring;
    }
    try {
      const [store, index] = STORE_KEYS.map((name, k) =>
        unseal(wrapping, { table: 'property', key: name }, wrapped[k] as Uint8Array),
      );
      return new Keyring(wrapping, store as Buffer, index as Buffer);
    } catch {
      throw refusal('CONSENT_STORE_LOCKED', { problem: 'its key is not the one that it was made with' });
    }
  }

  /** HMAC-SHA-256 of a patient number: what the database is searched by. */
  tagOf(patient: string): Buffer {
    return createHmac('sha256', this.#index).update(patient, 'utf8').digest();
  }

  wrap(ref: string, key: Uint8Array): Buffer {
    return seal(this.#wrapping, { table: 'record', key: ref }, key);
  }

  /** @throws ConsiliumError CONSENT_STORE_LOCKED */
  unwrap(ref: string, wrapped: Uint8Array): Buffer {
    try {
      return unseal(this.#wrapping, { table: 'record', key: ref }, wrapped);
    } catch {
      throw refusal('CONSENT_STORE_LOCKED', { problem: 'the key of a record does not open: the database was changed' });
    }
  }

  /** Seals what belongs to no single patient, with the store's own key. */
  seal(table: string, key: string, plain: Uint8Array | string): Buffer {
    return seal(this.#store, { table, key }, plain);
  }

  /** @throws ConsiliumError CONSENT_STORE_LOCKED */
  unseal(table: string, key: string, sealed: Uint8Array): Buffer {
    try {
      return unseal(this.#store, { table, key }, sealed);
    } catch {
      throw refusal('CONSENT_STORE_LOCKED', { problem: `a row of ${table} does not open: the database was changed` });
    }
  }

  /** Wraps everything under a new master key. Call within a transaction. */
  rewrap(database: Database, master: Uint8Array): void {
    const before = this.#wrapping;
    const after = wrappingKey(master);
    const replace = database.prepare('UPDATE record SET key = ? WHERE ref = ?');
    const rows = database.prepare('SELECT ref, key FROM record').all() as { ref: string; key: Uint8Array }[];
    for (const { ref, key } of rows) {
      const place = { table: 'record', key: ref };
      replace.run(seal(after, place, unseal(before, place, key)), ref);
    }
    this.#write(database, after);
  }

  /** From here on the new master key wraps. Call once the transaction of `rewrap` is committed. */
  useMaster(master: Uint8Array): void {
    this.#wrapping = wrappingKey(master);
  }

  #write(database: Database, wrapping = this.#wrapping): void {
    for (const [name, key] of [
      ['storeKey', this.#store],
      ['indexKey', this.#index],
    ] as const)
      writeProperty(database, name, seal(wrapping, { table: 'property', key: name }, key));
  }
}

function wrappingKey(master: Uint8Array): Buffer {
  if (master.length !== KEY_BYTES) throw refusal('CONSENT_STORE_LOCKED', { problem: `its key has ${KEY_BYTES} bytes` });
  return Buffer.from(hkdfSync('sha256', master, '', WRAPPING, KEY_BYTES));
}

export function readProperty(database: Database, name: string): Uint8Array | undefined {
  const row = database.prepare('SELECT value FROM property WHERE name = ?').get(name) as
    | { value: Uint8Array }
    | undefined;
  return row?.value;
}

export function writeProperty(database: Database, name: string, value: Uint8Array): void {
  database.prepare('INSERT OR REPLACE INTO property (name, value) VALUES (?, ?)').run(name, value);
}
