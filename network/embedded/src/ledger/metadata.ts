import { buffer } from '../wire/bytes.js';
import { encode, ledger } from '../wire/proto.js';

const { kvrwset } = ledger.rwset;

/** Metadata of a key, by name. The only name that Fabric knows is `VALIDATION_PARAMETER`, the key's endorsement policy. */
export type Metadata = ReadonlyMap<string, Buffer>;

/** Name under which a key's own endorsement policy stands. */
export const VALIDATION_PARAMETER = 'VALIDATION_PARAMETER';

/** Metadata as it is stored beside a value; undefined for none. */
export function packMetadata(metadata: Metadata | undefined): Buffer | undefined {
  if (!metadata || metadata.size === 0) return undefined;
  const message = new kvrwset.KVMetadataWrite();
  message.setEntriesList(
    [...metadata].map(([name, value]) => {
      const entry = new kvrwset.KVMetadataEntry();
      entry.setName(name);
      entry.setValue(value);
      return entry;
    }),
  );
  return encode(message);
}

/** Reads stored metadata back. */
export function unpackMetadata(bytes: Uint8Array | null | undefined): Metadata | undefined {
  if (!bytes) return undefined;
  const entries = kvrwset.KVMetadataWrite.deserializeBinary(bytes).getEntriesList();
  return new Map(entries.map((entry) => [entry.getName(), buffer(entry.getValue_asU8())]));
}
