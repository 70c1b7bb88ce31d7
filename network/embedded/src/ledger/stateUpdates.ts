import type { Metadata } from './metadata.js';
import type { Version } from './version.js';

/** What a block leaves of a key; an absent value deletes it. For private collections the value is its hash. */
export interface StateUpdate {
  readonly value: Buffer | undefined;
  readonly metadata: Metadata | undefined;
  readonly version: Version;
}

/** A write that the history of a key must show. */
export interface HistoryEntry {
  readonly namespace: string;
  readonly key: string;
  readonly place: number;
}

/** A private key whose earlier values must disappear from every ledger that holds them. */
export interface Purge {
  readonly namespace: string;
  readonly collection: string;
  readonly keyHash: string;
  readonly version: Version;
}

/** A collection of which everything disappears that was last written in this block or before. */
export interface Expiry {
  readonly namespace: string;
  readonly collection: string;
  readonly writtenIn: number;
}

/**
 * What the valid transactions of a block change, key by key. Private collections are keyed by hex hash. It is filled
 * while the block is validated, because every transaction is judged after the valid ones before it.
 */
export class StateUpdates {
  readonly publicUpdates = new Map<string, Map<string, StateUpdate>>();
  /** By namespace, then collection, then hex of the key's hash. */
  readonly hashUpdates = new Map<string, Map<string, Map<string, StateUpdate>>>();
  readonly history: HistoryEntry[] = [];
  readonly purges: Purge[] = [];
  readonly expiries: Expiry[] = [];

  /** The update of a public key, if the block has one so far. */
  publicUpdate(namespace: string, key: string): StateUpdate | undefined {
    return this.publicUpdates.get(namespace)?.get(key);
  }

  /** The update of a private key's hash, if the block has one so far. */
  hashUpdate(namespace: string, collection: string, keyHash: string): StateUpdate | undefined {
    return this.hashUpdates.get(namespace)?.get(collection)?.get(keyHash);
  }

  setPublic(namespace: string, key: string, update: StateUpdate): void {
    inner(this.publicUpdates, namespace).set(key, update);
  }

  setHash(namespace: string, collection: string, keyHash: string, update: StateUpdate): void {
    inner(inner(this.hashUpdates, namespace), collection).set(keyHash, update);
  }
}

function inner<K, V>(map: Map<string, Map<K, V>>, key: string): Map<K, V> {
  let value = map.get(key);
  if (!value) {
    value = new Map();
    map.set(key, value);
  }
  return value;
}
