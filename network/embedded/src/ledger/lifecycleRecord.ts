import { sha256 } from '../wire/bytes.js';
import { decode, encode, peer } from '../wire/proto.js';

const { StateData, StateMetadata } = peer.lifecycle;

/** Where the lifecycle keeps records: definitions and approvals, and which package serves an approval. */
export type RecordSpace = 'namespaces' | 'chaincode-sources';

/** A record as the lifecycle stores it: one key a field, and one that names type and fields. */
export interface LifecycleRecord {
  readonly type: 'ChaincodeDefinition' | 'ChaincodeParameters' | 'ChaincodeLocalPackage';
  /** Serialised `StateData` by field, in the order of Fabric's structures. */
  readonly fields: ReadonlyMap<string, Buffer>;
}

/** Keys and values of one collection, or of the public state. */
export interface RecordState {
  get(key: string): Uint8Array | undefined;
  put(key: string, value: Buffer): void;
  remove(key: string): void;
}

export function metadataKey(space: RecordSpace, name: string): string {
  return `${space}/metadata/${name}`;
}

export function fieldKey(space: RecordSpace, name: string, field: string): string {
  return `${space}/fields/${name}/${field}`;
}

/** Every key of a record with its value. */
export function recordWrites(space: RecordSpace, name: string, record: LifecycleRecord): Map<string, Buffer> {
  const writes = new Map([...record.fields].map(([field, value]) => [fieldKey(space, name, field), value]));
  return writes.set(metadataKey(space, name), metadataOf(record));
}

/** Type and fields of the record that is stored under a name; undefined where there is none. */
export function readRecordMetadata(space: RecordSpace, name: string, get: RecordState['get']) {
  const bytes = get(metadataKey(space, name));
  const metadata = bytes && decode(StateMetadata, bytes);
  return metadata && { type: metadata.getDatatype(), fields: metadata.getFieldsList() };
}

/** One field of a stored record; empty where it is absent. */
export function readField(space: RecordSpace, name: string, field: string, get: RecordState['get']) {
  const bytes = get(fieldKey(space, name, field));
  return (bytes && decode(StateData, bytes)) ?? new StateData();
}

/** Stores a record; as in Fabric, only what changes is written, and fields that it no longer has are deleted. */
export function writeRecord(space: RecordSpace, name: string, record: LifecycleRecord, state: RecordState): void {
  const before = readRecordMetadata(space, name, (key) => state.get(key));
  const existing = new Map(
    (before?.fields ?? []).map((field) => {
      const key = fieldKey(space, name, field);
      return [key, state.get(key)];
    }),
  );
  for (const [field, value] of record.fields) {
    const key = fieldKey(space, name, field);
    const old = existing.get(key);
    if (!old || !value.equals(old)) state.put(key, value);
    existing.delete(key);
  }
  const isSame = before?.type === record.type && before.fields.length === record.fields.size;
  if (existing.size > 0 || !isSame) state.put(metadataKey(space, name), metadataOf(record));
  for (const key of existing.keys()) state.remove(key);
}

/**
 * What keeps a record from being the one whose hashes are stored: names of fields, or the type where that differs. Empty:
 * it is the same record.
 */
export function recordMismatches(
  space: RecordSpace,
  name: string,
  record: LifecycleRecord,
  hashOf: (key: string) => Uint8Array | undefined,
): string[] {
  const differs = (key: string, value: Buffer) => !sha256(value).equals(hashOf(key) ?? Buffer.alloc(0));
  // Fabric reads every key before it compares: what was read stands in the transaction.
  const wrong = [...record.fields].filter(([field, value]) => differs(fieldKey(space, name, field), value));
  if (differs(metadataKey(space, name), metadataOf(record))) return [record.type];
  return wrong.map(([field]) => field);
}

export function bytesValue(bytes: Uint8Array): Buffer {
  const field = new StateData();
  field.setBytes(bytes);
  return encode(field);
}

export function textValue(text: string): Buffer {
  const field = new StateData();
  field.setString(text);
  return encode(field);
}

export function numberValue(number: number): Buffer {
  const field = new StateData();
  field.setInt64(number);
  return encode(field);
}

function metadataOf({ type, fields }: LifecycleRecord): Buffer {
  const metadata = new StateMetadata();
  metadata.setDatatype(type);
  metadata.setFieldsList([...fields.keys()]);
  return encode(metadata);
}
