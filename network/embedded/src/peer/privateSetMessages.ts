import type { CommittedSet } from '../ledger/privateStore.js';
import { ledger } from '../wire/proto.js';

const { rwset } = ledger;

/** Private sets of one block as Fabric delivers them: a message a transaction, by its place in the block. */
export function privateSetMessages(sets: readonly CommittedSet[]): Map<number, ledger.rwset.TxPvtReadWriteSet> {
  const messages = new Map<number, ledger.rwset.TxPvtReadWriteSet>();
  for (const { namespace, collection, version, bytes } of sets) {
    const message = messages.get(version.transaction) ?? new rwset.TxPvtReadWriteSet();
    messages.set(version.transaction, message);
    const spaces = message.getNsPvtRwsetList();
    let space = spaces.find((each) => each.getNamespace() === namespace);
    if (!space) {
      space = new rwset.NsPvtReadWriteSet();
      space.setNamespace(namespace);
      message.addNsPvtRwset(space);
    }
    const set = new rwset.CollectionPvtReadWriteSet();
    set.setCollectionName(collection);
    set.setRwset(bytes);
    space.addCollectionPvtRwset(set);
  }
  return messages;
}
