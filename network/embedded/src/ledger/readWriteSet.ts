import { buffer, sha256 } from '../wire/bytes.js';
import { decode, ledger } from '../wire/proto.js';
import type { Version } from './version.js';

const { kvrwset } = ledger.rwset;

/** A key that was read, and the version that was seen (undefined: the key was absent). */
export interface KeyRead {
  readonly key: string;
  readonly version: Version | undefined;
}

/** A key that is written; an absent value deletes it. */
export interface KeyWrite {
  readonly key: string;
  readonly value: Buffer | undefined;
}

/** Metadata of a key (its endorsement policy) that is written; no entries at all delete it. */
export interface MetadataWrite {
  readonly key: string;
  readonly entries: ReadonlyMap<string, Buffer>;
}

/** A range that was read: its results one by one, or their Merkle summary when there were more than 50. */
export interface RangeRead {
  readonly startKey: string;
  readonly endKey: string;
  /** Whether the reader saw the end of the range; if not, `endKey` is the last key seen and belongs to the range. */
  readonly exhausted: boolean;
  readonly reads: readonly KeyRead[];
  readonly summary: MerkleSummary | undefined;
}

/** Top level of the hash tree over the results of a range. */
export interface MerkleSummary {
  readonly degreeMax: number;
  readonly level: number;
  readonly hashes: readonly Buffer[];
}

/** Reads and writes of one private collection, by hash. Keys are hex of the SHA-256 of the key. */
export interface CollectionReadWrites {
  readonly collection: string;
  readonly reads: readonly KeyRead[];
  /** Values are SHA-256 hashes; `purge` also removes earlier values from the ledgers that hold them. */
  readonly writes: readonly (KeyWrite & { readonly purge: boolean })[];
  readonly metadataWrites: readonly MetadataWrite[];
  /** SHA-256 of the private write set, empty when there is none. */
  readonly privateSetHash: Buffer;
}

/** What a transaction read and wrote in one chaincode's namespace. */
export interface NamespaceReadWrites {
  readonly namespace: string;
  readonly reads: readonly KeyRead[];
  readonly ranges: readonly RangeRead[];
  readonly writes: readonly KeyWrite[];
  readonly metadataWrites: readonly MetadataWrite[];
  readonly collections: readonly CollectionReadWrites[];
}

const HASH_OF_EMPTY = sha256();

/** Parses a serialised `TxReadWriteSet`; undefined where it is damaged. */
export function parseReadWriteSet(bytes: Uint8Array): NamespaceReadWrites[] | undefined {
  const set = decode(ledger.rwset.TxReadWriteSet, bytes);
  if (!set) return undefined;
  try {
    return set.getNsRwsetList().map(parseNamespace);
  } catch {
    return undefined;
  }
}

/** Whether a transaction writes anything in this namespace. */
export function writesAnything(namespace: NamespaceReadWrites): boolean {
  return (
    namespace.writes.length > 0 ||
    namespace.metadataWrites.length > 0 ||
    namespace.collections.some((each) => each.writes.length > 0 || each.metadataWrites.length > 0)
  );
}

function parseNamespace(message: ledger.rwset.NsReadWriteSet): NamespaceReadWrites {
  const set = kvrwset.KVRWSet.deserializeBinary(message.getRwset_asU8());
  return {
    namespace: message.getNamespace(),
    reads: set.getReadsList().map(parseRead),
    ranges: set.getRangeQueriesInfoList().map(parseRange),
    writes: set.getWritesList().map((write) => ({
      key: write.getKey(),
      // An empty value counts as a deletion, as in every Fabric since FAB-18386.
      value: write.getIsDelete() || write.getValue_asU8().length === 0 ? undefined : buffer(write.getValue_asU8()),
    })),
    metadataWrites: set.getMetadataWritesList().map((write) => ({
      key: write.getKey(),
      entries: parseEntries(write.getEntriesList()),
    })),
    collections: message.getCollectionHashedRwsetList().map(parseCollection),
  };
}

function parseCollection(message: ledger.rwset.CollectionHashedReadWriteSet): CollectionReadWrites {
  const set = kvrwset.HashedRWSet.deserializeBinary(message.getHashedRwset_asU8());
  return {
    collection: message.getCollectionName(),
    reads: set.getHashedReadsList().map((read) => ({
      key: hex(read.getKeyHash_asU8()),
      version: parseVersion(read.getVersion()),
    })),
    writes: set.getHashedWritesList().map((write) => {
      const hash = buffer(write.getValueHash_asU8());
      const isDelete = write.getIsDelete() || hash.length === 0 || hash.equals(HASH_OF_EMPTY);
      return { key: hex(write.getKeyHash_asU8()), value: isDelete ? undefined : hash, purge: write.getIsPurge() };
    }),
    metadataWrites: set.getMetadataWritesList().map((write) => ({
      key: hex(write.getKeyHash_asU8()),
      entries: parseEntries(write.getEntriesList()),
    })),
    privateSetHash: buffer(message.getPvtRwsetHash_asU8()),
  };
}

function parseRead(read: ledger.rwset.kvrwset.KVRead): KeyRead {
  return { key: read.getKey(), version: parseVersion(read.getVersion()) };
}

function parseRange(range: ledger.rwset.kvrwset.RangeQueryInfo): RangeRead {
  const summary = range.getReadsMerkleHashes();
  return {
    startKey: range.getStartKey(),
    endKey: range.getEndKey(),
    exhausted: range.getItrExhausted(),
    reads: (range.getRawReads()?.getKvReadsList() ?? []).map(parseRead),
    summary: summary && {
      degreeMax: summary.getMaxDegree(),
      level: summary.getMaxLevel(),
      hashes: summary.getMaxLevelHashesList_asU8().map(buffer),
    },
  };
}

function parseVersion(version: ledger.rwset.kvrwset.Version | undefined): Version | undefined {
  return version && { block: version.getBlockNum(), transaction: version.getTxNum() };
}

function parseEntries(entries: readonly ledger.rwset.kvrwset.KVMetadataEntry[]): Map<string, Buffer> {
  return new Map(entries.map((entry) => [entry.getName(), buffer(entry.getValue_asU8())]));
}

function hex(bytes: Uint8Array): string {
  return buffer(bytes).toString('hex');
}
