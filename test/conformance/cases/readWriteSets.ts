import type { ProposalOptions } from '@hyperledger/fabric-gateway';
import { ledger, peer } from '@hyperledger/fabric-protos';
import { type Case, pair } from '../support/case.js';
import { CLEVELAND, HUNGARY } from '../support/hospitals.js';
import { actionOf, endorsersOf, envelopeOf } from '../support/messages.js';
import type { Stage } from '../support/stage.js';

const { KVRWSet, HashedRWSet } = ledger.rwset.kvrwset;
const OWN = `_implicit_org_${CLEVELAND}`;

/** Endorses, describes what a block would hold of it, and commits it. Versions are the only thing that is left out. */
async function effects(stage: Stage, name: string, options: ProposalOptions): Promise<unknown> {
  const { cleveland, chaincode } = stage;
  const transaction = await cleveland.contract.newProposal(name, options).endorse();
  const envelope = envelopeOf(transaction.getBytes());
  const { action } = actionOf(envelope);
  const sets = ledger.rwset.TxReadWriteSet.deserializeBinary(action.getResults_asU8());
  const { code } = await cleveland.commit(transaction);
  return {
    endorsements: endorsersOf(envelope).length,
    event: peer.ChaincodeEvent.deserializeBinary(action.getEvents_asU8()).getEventName(),
    isOfChaincode: action.getChaincodeId()!.getName() === chaincode,
    model: sets.getDataModel(),
    namespaces: sets.getNsRwsetList().map((each) => ({
      namespace: each.getNamespace(),
      public: withoutVersions(KVRWSet.deserializeBinary(each.getRwset_asU8()).toObject()),
      collections: each.getCollectionHashedRwsetList().map((collection) => ({
        name: collection.getCollectionName(),
        digest: collection.getPvtRwsetHash_asB64(),
        hashed: withoutVersions(HashedRWSet.deserializeBinary(collection.getHashedRwset_asU8()).toObject()),
      })),
    })),
    code,
  };
}

function withoutVersions(set: unknown): unknown {
  return JSON.parse(
    JSON.stringify(set, (key, value) => {
      if (key === 'version' && value) return 'V';
      // Digests over keys with their versions.
      return key === 'maxLevelHashesList' ? value.length : value;
    }),
  );
}

const put = (value: string): ProposalOptions => ({ arguments: [OWN, 'rw-private'], transientData: { value } });

export const READ_WRITE_SETS: readonly Case[] = [
  pair('read-write set', 'write', (stage) => effects(stage, 'State:put', { arguments: ['rw-put', 'v'] })),
  pair('read-write set', 'read of an absent key and write', (stage) =>
    effects(stage, 'State:increment', { arguments: ['rw-new'] }),
  ),
  pair('read-write set', 'read and write', async (stage) => {
    await stage.cleveland.submit('State:put', 'rw-increment', '1');
    return await effects(stage, 'State:increment', { arguments: ['rw-increment'] });
  }),
  pair('read-write set', 'delete', (stage) => effects(stage, 'State:remove', { arguments: ['rw-delete'] })),
  pair('read-write set', 'empty value', (stage) => effects(stage, 'State:put', { arguments: ['rw-empty', ''] })),
  pair('read-write set', 'write with event', (stage) => effects(stage, 'Events:put', { arguments: ['rw-event', 'v'] })),
  pair('read-write set', 'read only', async (stage) => {
    await stage.cleveland.submit('State:put', 'rw-read', 'v');
    return await effects(stage, 'State:get', { arguments: ['rw-read'] });
  }),
  pair('read-write set', 'several keys in the order of their bytes', (stage) =>
    effects(stage, 'State:putMany', { arguments: ['rw-many', '3'] }),
  ),
  pair('read-write set', 'range and write', async (stage) => {
    await stage.cleveland.submit('State:putMany', 'rw-range', '3');
    return await effects(stage, 'Ranges:countThenPut', { arguments: ['rw-range', 'rw-range~', 'rw-count'] });
  }),
  pair('read-write set', 'range that is left after its first key', async (stage) => {
    await stage.cleveland.submit('State:putMany', 'rw-first', '3');
    return await effects(stage, 'Ranges:first', { arguments: ['rw-first', 'rw-first~'] });
  }),
  pair('read-write set', 'range of several batches that is left', async (stage) => {
    await stage.cleveland.submit('State:putMany', 'rw-left', '105');
    return await effects(stage, 'Ranges:first', { arguments: ['rw-left', 'rw-left~'] });
  }),
  pair('read-write set', 'range of exactly fifty keys', async (stage) => {
    await stage.cleveland.submit('State:putMany', 'rw-fifty', '50');
    return await effects(stage, 'Ranges:countThenPut', { arguments: ['rw-fifty', 'rw-fifty~', 'rw-count'] });
  }),
  pair('read-write set', 'empty range', (stage) =>
    effects(stage, 'Ranges:countThenPut', { arguments: ['rw-none', 'rw-none~', 'rw-count'] }),
  ),
  pair('read-write set', 'page', async (stage) => {
    await stage.cleveland.submit('State:putMany', 'rw-page', '3');
    return await effects(stage, 'Ranges:page', { arguments: ['rw-page', 'rw-page~', '2', ''] });
  }),
  pair('read-write set', 'history', async (stage) => {
    await stage.cleveland.submit('State:put', 'rw-history', 'v');
    return await effects(stage, 'History:countThenPut', { arguments: ['rw-history', 'rw-count'] });
  }),
  pair('read-write set', 'key policy', (stage) =>
    effects(stage, 'Policies:set', { arguments: ['rw-policy', JSON.stringify([CLEVELAND])] }),
  ),
  pair('read-write set', 'key policy and value', (stage) =>
    effects(stage, 'Policies:setAndPut', { arguments: ['rw-both', JSON.stringify([CLEVELAND]), 'v'] }),
  ),
  pair('read-write set', 'write of a key that has a policy', async (stage) => {
    await stage.cleveland.submit('Policies:setAndPut', 'rw-ruled', JSON.stringify([CLEVELAND]), 'v');
    return await effects(stage, 'State:put', { arguments: ['rw-ruled', 'w'] });
  }),
  pair('read-write set', 'nothing read or written', (stage) => effects(stage, 'Results:text', {})),
  pair('read-write set', 'private write', (stage) => effects(stage, 'PrivateValues:put', put('same'))),
  pair('read-write set', 'private write of another value', (stage) =>
    effects(stage, 'PrivateValues:put', put('other')),
  ),
  pair('read-write set', 'private read', (stage) =>
    effects(stage, 'PrivateValues:get', { arguments: [OWN, 'rw-private'] }),
  ),
  pair('read-write set', 'private read by the own peer alone', (stage) =>
    effects(stage, 'PrivateValues:get', { arguments: [OWN, 'rw-private'], endorsingOrganizations: [CLEVELAND] }),
  ),
  pair('read-write set', 'private digest', (stage) =>
    effects(stage, 'PrivateValues:hash', { arguments: [`_implicit_org_${HUNGARY}`, 'rw-private'] }),
  ),
  pair('read-write set', 'private delete', (stage) =>
    effects(stage, 'PrivateValues:remove', { arguments: [OWN, 'rw-private'] }),
  ),
  pair('read-write set', 'private purge', (stage) =>
    effects(stage, 'PrivateValues:purge', { arguments: [OWN, 'rw-private'] }),
  ),
  pair('read-write set', 'private range by the own peer alone', (stage) =>
    effects(stage, 'PrivateValues:range', { arguments: [OWN, 'rw-a', 'rw-b'], endorsingOrganizations: [CLEVELAND] }),
  ),
  pair('read-write set', 'private key policy', (stage) =>
    effects(stage, 'Policies:setPrivate', { arguments: [OWN, 'rw-private-policy', JSON.stringify([CLEVELAND])] }),
  ),
];
