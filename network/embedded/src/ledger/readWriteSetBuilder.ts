import { compareUtf8, sha256 } from '../wire/bytes.js';
import { encode, ledger } from '../wire/proto.js';
import { keyReadMessage } from './rangeReads.js';
import type { RangeRead } from './readWriteSet.js';
import type { Version } from './version.js';

const { rwset } = ledger;
const { kvrwset } = rwset;

interface CollectionParts {
  readonly reads: Map<string, Version | undefined>;
  readonly writes: Map<string, { value: Buffer | undefined; purge: boolean }>;
  readonly metadataWrites: Map<string, ReadonlyMap<string, Buffer>>;
}

interface NamespaceParts {
  readonly reads: Map<string, Version | undefined>;
  readonly writes: Map<string, Buffer | undefined>;
  readonly metadataWrites: Map<string, ReadonlyMap<string, Buffer>>;
  readonly ranges: Map<string, RangeRead>;
  readonly collections: Map<string, CollectionParts>;
}

/** A collection's private writes, as they are kept beside the ledger by the peers that may have them. */
export interface PrivateSet {
  readonly namespace: string;
  readonly collection: string;
  /** Serialised `KVRWSet`; its SHA-256 stands in the public read-write set. */
  readonly bytes: Buffer;
}

/**
 * Collects what a simulation reads and writes, and serialises it so that every peer which did the same gets the same
 * bytes: everything in the UTF-8 order of its keys, ranges in the order in which they were opened.
 */
export class ReadWriteSetBuilder {
  readonly #namespaces = new Map<string, NamespaceParts>();

  addRead(namespace: string, key: string, version: Version | undefined): void {
    this.#namespace(namespace).reads.set(key, version);
  }

  addWrite(namespace: string, key: string, value: Buffer | undefined): void {
    this.#namespace(namespace).writes.set(key, value);
  }

  addMetadataWrite(namespace: string, key: string, entries: ReadonlyMap<string, Buffer>): void {
    this.#namespace(namespace).metadataWrites.set(key, entries);
  }

  addRange(namespace: string, range: RangeRead): void {
    const { ranges } = this.#namespace(namespace);
    const identity = JSON.stringify([range.startKey, range.endKey, range.exhausted]);
    if (!ranges.has(identity)) ranges.set(identity, range);
  }

  addPrivateRead(namespace: string, collection: string, key: string, version: Version | undefined): void {
    this.#collection(namespace, collection).reads.set(key, version);
  }

  addPrivateWrite(namespace: string, collection: string, key: string, value: Buffer | undefined, purge = false): void {
    this.#collection(namespace, collection).writes.set(key, { value, purge });
  }

  addPrivateMetadataWrite(
    namespace: string,
    collection: string,
    key: string,
    entries: ReadonlyMap<string, Buffer>,
  ): void {
    this.#collection(namespace, collection).metadataWrites.set(key, entries);
  }

  /** Namespaces that were read or written. */
  get namespaces(): string[] {
    return [...this.#namespaces.keys()];
  }

  /** Serialises the public set, with private writes as hashes, and the private sets themselves. */
  build(): { publicBytes: Buffer; privateSets: PrivateSet[] } {
    const privateSets: PrivateSet[] = [];
    const message = new rwset.TxReadWriteSet();
    message.setNsRwsetList(
      inOrder(this.#namespaces, (namespace, parts) => namespaceMessage(namespace, parts, privateSets)),
    );
    return { publicBytes: encode(message), privateSets };
  }

  #namespace(namespace: string): NamespaceParts {
    let parts = this.#namespaces.get(namespace);
    if (!parts) {
      parts = {
        reads: new Map(),
        writes: new Map(),
        metadataWrites: new Map(),
        ranges: new Map(),
        collections: new Map(),
      };
      this.#namespaces.set(namespace, parts);
    }
    return parts;
  }

  #collection(namespace: string, collection: string): CollectionParts {
    const { collections } = this.#namespace(namespace);
    let parts = collections.get(collection);
    if (!parts) {
      parts = { reads: new Map(), writes: new Map(), metadataWrites: new Map() };
      collections.set(collection, parts);
    }
    return parts;
  }
}

function namespaceMessage(
  namespace: string,
  parts: NamespaceParts,
  privateSets: PrivateSet[],
): ledger.rwset.NsReadWriteSet {
  const set = new kvrwset.KVRWSet();
  set.setReadsList(inOrder(parts.reads, (key, version) => keyReadMessage({ key, version })));
  set.setWritesList(inOrder(parts.writes, writeMessage));
  set.setMetadataWritesList(
    inOrder(parts.metadataWrites, (key, entries) => {
      const write = new kvrwset.KVMetadataWrite();
      write.setKey(key);
      write.setEntriesList(entryMessages(entries));
      return write;
    }),
  );
  set.setRangeQueriesInfoList([...parts.ranges.values()].map(rangeMessage));
  const message = new rwset.NsReadWriteSet();
  message.setNamespace(namespace);
  message.setRwset(encode(set));
  message.setCollectionHashedRwsetList(
    inOrder(parts.collections, (collection, each) => collectionMessage(namespace, collection, each, privateSets)),
  );
  return message;
}

function collectionMessage(
  namespace: string,
  collection: string,
  parts: CollectionParts,
  privateSets: PrivateSet[],
): ledger.rwset.CollectionHashedReadWriteSet {
  const set = new kvrwset.HashedRWSet();
  set.setHashedReadsList(
    inOrder(parts.reads, (key, version) => {
      const read = new kvrwset.KVReadHash();
      read.setKeyHash(hashOfKey(key));
      read.setVersion(keyReadMessage({ key, version }).getVersion());
      return read;
    }),
  );
  set.setHashedWritesList(
    inOrder(parts.writes, (key, { value, purge }) => {
      const write = new kvrwset.KVWriteHash();
      write.setKeyHash(hashOfKey(key));
      write.setIsDelete(value === undefined);
      if (value) write.setValueHash(sha256(value));
      write.setIsPurge(purge);
      return write;
    }),
  );
  set.setMetadataWritesList(
    inOrder(parts.metadataWrites, (key, entries) => {
      const write = new kvrwset.KVMetadataWriteHash();
      write.setKeyHash(hashOfKey(key));
      write.setEntriesList(entryMessages(entries));
      return write;
    }),
  );
  const message = new rwset.CollectionHashedReadWriteSet();
  message.setCollectionName(collection);
  message.setHashedRwset(encode(set));
  if (parts.writes.size > 0 || parts.metadataWrites.size > 0) {
    const bytes = privateSetBytes(parts);
    privateSets.push({ namespace, collection, bytes });
    message.setPvtRwsetHash(sha256(bytes));
  }
  return message;
}

function privateSetBytes(parts: CollectionParts): Buffer {
  const set = new kvrwset.KVRWSet();
  set.setWritesList(inOrder(parts.writes, (key, { value }) => writeMessage(key, value)));
  // Only the key: the metadata itself is public, kept under the key's hash.
  set.setMetadataWritesList(
    inOrder(parts.metadataWrites, (key) => {
      const write = new kvrwset.KVMetadataWrite();
      write.setKey(key);
      return write;
    }),
  );
  return encode(set);
}

function writeMessage(key: string, value: Buffer | undefined): ledger.rwset.kvrwset.KVWrite {
  const write = new kvrwset.KVWrite();
  write.setKey(key);
  write.setIsDelete(value === undefined);
  if (value) write.setValue(value);
  return write;
}

function rangeMessage(range: RangeRead): ledger.rwset.kvrwset.RangeQueryInfo {
  const message = new kvrwset.RangeQueryInfo();
  message.setStartKey(range.startKey);
  message.setEndKey(range.endKey);
  message.setItrExhausted(range.exhausted);
  if (range.summary) {
    const summary = new kvrwset.QueryReadsMerkleSummary();
    summary.setMaxDegree(range.summary.degreeMax);
    summary.setMaxLevel(range.summary.level);
    summary.setMaxLevelHashesList([...range.summary.hashes]);
    message.setReadsMerkleHashes(summary);
  } else if (range.reads.length > 0) {
    const reads = new kvrwset.QueryReads();
    reads.setKvReadsList(range.reads.map(keyReadMessage));
    message.setRawReads(reads);
  }
  return message;
}

function entryMessages(entries: ReadonlyMap<string, Buffer>): ledger.rwset.kvrwset.KVMetadataEntry[] {
  return inOrder(entries, (name, value) => {
    const entry = new kvrwset.KVMetadataEntry();
    entry.setName(name);
    entry.setValue(value);
    return entry;
  });
}

function inOrder<V, M>(map: ReadonlyMap<string, V>, message: (key: string, value: V) => M): M[] {
  return [...map.keys()].sort(compareUtf8).map((key) => message(key, map.get(key) as V));
}

function hashOfKey(key: string): Buffer {
  return sha256(Buffer.from(key));
}
