import { buffer } from '../wire/bytes.js';
import { ledger, ValidationCode } from '../wire/proto.js';
import type { Definitions } from './definitions.js';
import type { CommittedSet, PrivateEffects, PrivateStore, WantedSet } from './privateStore.js';
import type { PrivateUpdate } from './privateValues.js';
import type { ParsedBlock, Verdict } from './validator.js';

const { KVRWSet } = ledger.rwset.kvrwset;

/** Asks the other members of a collection for a private set; undefined where none of them has it. */
export type FetchPrivateSet = (wanted: WantedSet) => Buffer | undefined;

/**
 * What a block means for the private values that an organisation's peer holds. A set that nobody can give the peer is
 * left out: its hashes are committed, and reading the values fails as it does in Fabric.
 */
export function privateEffects(
  organization: string,
  { block, transactions }: ParsedBlock,
  { codes, updates }: Verdict,
  definitions: Definitions,
  store: PrivateStore,
  fetch: FetchPrivateSet,
): PrivateEffects {
  const sets: CommittedSet[] = [];
  const privateUpdates: PrivateUpdate[] = [];
  transactions.forEach(({ action, header }, place) => {
    if (codes[place] !== ValidationCode.VALID || !action || !header) return;
    const version = { block: block.number, transaction: place };
    for (const { namespace, collections } of action.namespaces) {
      for (const { collection, privateSetHash } of collections) {
        if (privateSetHash.length === 0 || !definitions.isCollectionMember(namespace, collection, organization))
          continue;
        const wanted = { transactionId: header.transactionId, namespace, collection, version, hash: privateSetHash };
        const bytes = store.find(wanted) ?? fetch(wanted);
        if (!bytes) continue;
        sets.push({ namespace, collection, version, bytes });
        privateUpdates.push(...updatesOf({ namespace, collection, version, bytes }, store));
      }
    }
  });
  return { sets, updates: privateUpdates, purges: updates.purges, expiries: updates.expiries };
}

function updatesOf({ namespace, collection, version, bytes }: CommittedSet, store: PrivateStore): PrivateUpdate[] {
  const set = KVRWSet.deserializeBinary(bytes);
  const written = set.getWritesList().map((write) => ({
    namespace,
    collection,
    key: write.getKey(),
    value: write.getIsDelete() || write.getValue_asU8().length === 0 ? undefined : buffer(write.getValue_asU8()),
    version,
  }));
  const keys = new Set(written.map(({ key }) => key));
  // Where only the metadata changed, the value stays but must carry the version of its hash.
  const touched = set
    .getMetadataWritesList()
    .map((write) => write.getKey())
    .filter((key) => !keys.has(key))
    .flatMap((key) => {
      const value = store.values.get(namespace, collection, key)?.value;
      return value ? [{ namespace, collection, key, value, version }] : [];
    });
  return [...written, ...touched];
}
