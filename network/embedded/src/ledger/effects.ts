import type { CollectionReadWrites, KeyWrite, MetadataWrite, NamespaceReadWrites } from './readWriteSet.js';
import type { StateValue } from './stateStore.js';
import type { StateUpdates } from './stateUpdates.js';
import type { StateView } from './stateView.js';
import type { Version } from './version.js';

/**
 * Adds what a valid transaction writes to the updates of its block. A write of a value keeps the key's metadata, a write
 * of metadata keeps its value, and metadata for an absent key is dropped.
 */
export function applyWrites(
  namespaces: readonly NamespaceReadWrites[],
  version: Version,
  view: StateView,
  updates: StateUpdates,
): void {
  for (const { namespace, writes, metadataWrites, collections } of namespaces) {
    for (const [key, update] of merge(writes, metadataWrites, (name) => view.get(namespace, name))) {
      updates.setPublic(namespace, key, { ...update, version });
    }
    for (const { key } of writes) updates.history.push({ namespace, key, place: version.transaction });
    for (const each of collections) applyCollection(namespace, each, version, view, updates);
  }
}

function applyCollection(
  namespace: string,
  { collection, writes, metadataWrites }: CollectionReadWrites,
  version: Version,
  view: StateView,
  updates: StateUpdates,
): void {
  for (const [key, update] of merge(writes, metadataWrites, (name) => view.hash(namespace, collection, name))) {
    updates.setHash(namespace, collection, key, { ...update, version });
  }
  for (const { key, purge } of writes) {
    if (purge) updates.purges.push({ namespace, collection, keyHash: key, version });
  }
}

/** The final value and metadata of every key that is touched. */
function merge(
  writes: readonly KeyWrite[],
  metadataWrites: readonly MetadataWrite[],
  latest: (key: string) => StateValue | undefined,
): Map<string, Pick<StateValue, 'metadata'> & { value: Buffer | undefined }> {
  const touched = new Map<string, { value?: KeyWrite; metadata?: MetadataWrite }>();
  for (const write of writes) touched.set(write.key, { value: write });
  for (const write of metadataWrites) touched.set(write.key, { ...touched.get(write.key), metadata: write });

  const merged = new Map<string, Pick<StateValue, 'metadata'> & { value: Buffer | undefined }>();
  for (const [key, { value, metadata }] of touched) {
    if (value && !value.value) merged.set(key, { value: undefined, metadata: undefined });
    else if (value && metadata) merged.set(key, { value: value.value, metadata: metadata.entries });
    else if (value) merged.set(key, { value: value.value, metadata: latest(key)?.metadata });
    else {
      const before = latest(key);
      if (before) merged.set(key, { value: before.value, metadata: metadata?.entries });
    }
  }
  return merged;
}
