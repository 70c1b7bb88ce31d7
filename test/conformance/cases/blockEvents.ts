import { checkpointers } from '@hyperledger/fabric-gateway';
import { common, ledger, msp, peer } from '@hyperledger/fabric-protos';
import { dataDigest, headerDigest } from '../support/blockHash.js';
import { text } from '../support/caller.js';
import { type Case, pair, pairAtDeadline } from '../support/case.js';
import { CLEVELAND } from '../support/hospitals.js';
import { actionOf } from '../support/messages.js';
import type { Stage } from '../support/stage.js';
import { first, take } from '../support/streams.js';

/** A whole block with one transaction of Cleveland's. */
async function blockWith({ cleveland }: Stage, name: string, ...args: string[]) {
  const transaction = await cleveland.endorse(name, ...args);
  const { blockNumber } = await cleveland.commit(transaction);
  const block = await first(await cleveland.network.getBlockEvents({ startBlock: blockNumber }));
  return { block: block as common.Block, transaction, blockNumber };
}

function envelopes(block: common.Block): common.Envelope[] {
  return block
    .getData()!
    .getDataList_asU8()
    .map((bytes) => common.Envelope.deserializeBinary(bytes));
}

function channelHeaderOf(envelope: common.Envelope): common.ChannelHeader {
  const payload = common.Payload.deserializeBinary(envelope.getPayload_asU8());
  return common.ChannelHeader.deserializeBinary(payload.getHeader()!.getChannelHeader_asU8());
}

const { BlockMetadataIndex } = common;

export const BLOCK_EVENTS: readonly Case[] = [
  pair('Network.getBlockEvents', 'block 0 is a configuration', async ({ cleveland, channel }) => {
    const block = await first(await cleveland.network.getBlockEvents({ startBlock: 0n }));
    const [envelope] = envelopes(block!);
    const header = channelHeaderOf(envelope!);
    return [
      block!.getHeader()!.getNumber(),
      header.getType(),
      header.getChannelId() === channel,
      header.getTxId().length,
    ];
  }),
  pair('Network.getBlockEvents', 'block 0 has no predecessor', async ({ cleveland }) => {
    const block = await first(await cleveland.network.getBlockEvents({ startBlock: 0n }));
    return block!.getHeader()!.getPreviousHash_asU8().length;
  }),
  pair('Network.getBlockEvents', 'block 0 names the organisations and their policies', async ({ cleveland }) => {
    const block = await first(await cleveland.network.getBlockEvents({ startBlock: 0n }));
    const payload = common.Payload.deserializeBinary(envelopes(block!)[0]!.getPayload_asU8());
    const config = common.ConfigEnvelope.deserializeBinary(payload.getData_asU8()).getConfig()!;
    const application = config.getChannelGroup()!.getGroupsMap().get('Application')!;
    return {
      organizations: [...application.getGroupsMap().keys()].sort(),
      policies: [...application.getPoliciesMap().keys()].sort(),
      ofOne: [...application.getGroupsMap().get(CLEVELAND)!.getPoliciesMap().keys()].sort(),
      capabilities: [
        ...common.Capabilities.deserializeBinary(application.getValuesMap().get('Capabilities')!.getValue_asU8())
          .getCapabilitiesMap()
          .keys(),
      ],
    };
  }),
  pair('Network.getBlockEvents', 'block 0 has metadata', async ({ cleveland }) => {
    const block = await first(await cleveland.network.getBlockEvents({ startBlock: 0n }));
    return block!
      .getMetadata()!
      .getMetadataList_asU8()
      .map((each, index) => (index === 2 ? [...each] : each.length > 0));
  }),
  pair('Network.getBlockEvents', 'header chains up by digests', async (stage) => {
    const { block, blockNumber } = await blockWith(stage, 'State:put', 'be-a', 'x');
    const [before] = await take(await stage.cleveland.network.getBlockEvents({ startBlock: blockNumber - 1n }), 1);
    return headerDigest(before!.getHeader()!).equals(block.getHeader()!.getPreviousHash_asU8());
  }),
  pair('Network.getBlockEvents', 'data digest is over all transactions', async (stage) => {
    const { block } = await blockWith(stage, 'State:put', 'be-b', 'x');
    return dataDigest(block).equals(block.getHeader()!.getDataHash_asU8());
  }),
  pair('Network.getBlockEvents', 'metadata of a block', async (stage) => {
    const { block } = await blockWith(stage, 'State:put', 'be-c', 'x');
    return block
      .getMetadata()!
      .getMetadataList_asU8()
      .map((each, index) => (index === 2 ? [...each] : each.length > 0));
  }),
  pair('Network.getBlockEvents', 'last configuration is named in the signed metadata', async (stage) => {
    const { block } = await blockWith(stage, 'State:put', 'be-config', 'x');
    const bytes = block.getMetadata()!.getMetadataList_asU8()[BlockMetadataIndex.SIGNATURES]!;
    const value = common.Metadata.deserializeBinary(bytes).getValue_asU8();
    return common.OrdererBlockMetadata.deserializeBinary(value).getLastConfig()?.getIndex();
  }),
  pair('Network.getBlockEvents', 'transaction in a block', async (stage) => {
    const { block, transaction } = await blockWith(stage, 'State:put', 'be-d', 'x');
    const [envelope] = envelopes(block);
    const header = channelHeaderOf(envelope!);
    const payload = common.Payload.deserializeBinary(envelope!.getPayload_asU8());
    const signatureHeader = common.SignatureHeader.deserializeBinary(payload.getHeader()!.getSignatureHeader_asU8());
    const extension = peer.ChaincodeHeaderExtension.deserializeBinary(header.getExtension_asU8());
    return {
      type: header.getType(),
      version: header.getVersion(),
      epoch: header.getEpoch(),
      chaincode: extension.getChaincodeId()?.getName() === stage.chaincode,
      transaction: header.getTxId() === transaction.getTransactionId(),
      creator: msp.SerializedIdentity.deserializeBinary(signatureHeader.getCreator_asU8()).getMspid(),
      signed: envelope!.getSignature_asU8().length > 0,
    };
  }),
  pair('Network.getBlockEvents', 'arguments in a block, transient values not', async (stage) => {
    const { cleveland } = stage;
    const proposal = cleveland.contract.newProposal('State:put', {
      arguments: ['be-args', 'x'],
      transientData: { value: 'secret-of-the-proposal' },
    });
    const { blockNumber } = await cleveland.commit(await proposal.endorse());
    const block = await first(await cleveland.network.getBlockEvents({ startBlock: blockNumber }));
    const { payload } = actionOf(envelopes(block!)[0]!);
    const input = peer.ChaincodeProposalPayload.deserializeBinary(payload.getChaincodeProposalPayload_asU8());
    const spec = peer.ChaincodeInvocationSpec.deserializeBinary(input.getInput_asU8()).getChaincodeSpec()!;
    return {
      args: spec.getInput()!.getArgsList_asU8().map(text),
      isInit: spec.getInput()!.getIsInit(),
      transient: Buffer.from(block!.serializeBinary()).includes('secret-of-the-proposal'),
    };
  }),
  pair('Network.getBlockEvents', 'result, chaincode and version in a block', async (stage) => {
    const { block } = await blockWith(stage, 'State:put', 'be-result', 'x');
    const { action, proposalResponse } = actionOf(envelopes(block)[0]!);
    return {
      status: action.getResponse()!.getStatus(),
      message: action.getResponse()!.getMessage(),
      result: text(action.getResponse()!.getPayload_asU8()),
      chaincode: action.getChaincodeId()!.getName() === stage.chaincode,
      version: action.getChaincodeId()!.getVersion().length,
      path: action.getChaincodeId()!.getPath(),
      event: action.getEvents_asU8().length,
      proposalHash: proposalResponse.getProposalHash_asU8().length,
    };
  }),
  pair('Network.getBlockEvents', 'invalid transaction is in its block with its code', async ({ cleveland }) => {
    const stale = await cleveland.endorse('State:increment', 'be-invalid');
    await cleveland.submit('State:increment', 'be-invalid');
    const { blockNumber } = await cleveland.commit(stale);
    const block = await first(await cleveland.network.getBlockEvents({ startBlock: blockNumber }));
    return [...block!.getMetadata()!.getMetadataList_asU8()[BlockMetadataIndex.TRANSACTIONS_FILTER]!];
  }),
  pair('Network.getBlockEvents', 'from now on, as they happen', async ({ cleveland }) => {
    let isHeard = false;
    const heard = first(await cleveland.network.getBlockEvents()).finally(() => {
      isHeard = true;
    });
    // The client library does not say when a peer has begun to follow, and what was committed before does not arrive.
    const committed: bigint[] = [];
    do committed.push((await cleveland.commit(await cleveland.endorse('State:put', 'be-live', 'x'))).blockNumber);
    while (!isHeard);
    return committed.includes(BigInt((await heard)!.getHeader()!.getNumber()));
  }),
  pair('Network.getBlockEvents', 'after a checkpoint', async (stage) => {
    const { blockNumber } = await blockWith(stage, 'State:put', 'be-checkpoint', '1');
    await stage.cleveland.submit('State:put', 'be-checkpoint', '2');
    const checkpoint = checkpointers.inMemory();
    await checkpoint.checkpointBlock(blockNumber);
    const block = await first(await stage.cleveland.network.getBlockEvents({ checkpoint }));
    return BigInt(block!.getHeader()!.getNumber()) - blockNumber;
  }),
  pair('Network.getBlockEvents', 'all hospitals have the same blocks', async (stage) => {
    const { blockNumber } = await blockWith(stage, 'State:put', 'be-same', 'x');
    const blocks = await Promise.all(
      stage.callers.map(async ({ network }) => first(await network.getBlockEvents({ startBlock: blockNumber }))),
    );
    const digests = blocks.map((block) => Buffer.from(block!.getHeader()!.serializeBinary()).toString('hex'));
    return new Set(digests).size;
  }),
  pair('Network.getBlockEvents', 'unknown channel', async ({ cleveland }) =>
    first(await cleveland.gateway.getNetwork('nope').getBlockEvents()),
  ),
  pair('Network.getBlockEvents', 'closed while it is waited for', async ({ cleveland }) => {
    const blocks = await cleveland.network.getBlockEvents();
    const waiting = first(blocks);
    setTimeout(() => blocks.close(), 100);
    return await waiting;
  }),
  pairAtDeadline('BlockEventsRequest.getEvents', 'deadline passes', async ({ cleveland }) =>
    first(await cleveland.network.newBlockEventsRequest().getEvents({ deadline: Date.now() + 300 })),
  ),
  pair('Network.getFilteredBlockEvents', 'transactions with their codes', async ({ cleveland, channel }) => {
    const transaction = await cleveland.endorse('State:put', 'fb-a', 'x');
    const { blockNumber } = await cleveland.commit(transaction);
    const block = await first(await cleveland.network.getFilteredBlockEvents({ startBlock: blockNumber }));
    return {
      channel: block!.getChannelId() === channel,
      number: BigInt(block!.getNumber()) === blockNumber,
      transactions: block!.getFilteredTransactionsList().map((each) => ({
        id: each.getTxid() === transaction.getTransactionId(),
        type: each.getType(),
        code: each.getTxValidationCode(),
        actions: each.getTransactionActions()?.getChaincodeActionsList().length,
      })),
    };
  }),
  pair('Network.getFilteredBlockEvents', 'event without its payload', async ({ cleveland, chaincode }) => {
    const transaction = await cleveland.endorse('Events:say', 'fb-event', 'secret');
    const { blockNumber } = await cleveland.commit(transaction);
    const block = await first(await cleveland.network.getFilteredBlockEvents({ startBlock: blockNumber }));
    const [filtered] = block!.getFilteredTransactionsList();
    return filtered!
      .getTransactionActions()!
      .getChaincodeActionsList()
      .map((each) => {
        const event = each.getChaincodeEvent()!;
        return {
          name: event.getEventName(),
          payload: event.getPayload_asU8().length,
          chaincode: event.getChaincodeId() === chaincode,
          transaction: event.getTxId() === transaction.getTransactionId(),
        };
      });
  }),
  pair('Network.getFilteredBlockEvents', 'invalid transaction', async ({ cleveland }) => {
    const stale = await cleveland.endorse('Events:incrementAndSay', 'fb-invalid', 'fb-stale');
    await cleveland.submit('State:increment', 'fb-invalid');
    const { blockNumber } = await cleveland.commit(stale);
    const block = await first(await cleveland.network.getFilteredBlockEvents({ startBlock: blockNumber }));
    return block!
      .getFilteredTransactionsList()
      .map((each) => [each.getTxValidationCode(), each.getTransactionActions()?.getChaincodeActionsList().length]);
  }),
  pair('Network.getFilteredBlockEvents', 'block 0', async ({ cleveland }) => {
    const block = await first(await cleveland.network.getFilteredBlockEvents({ startBlock: 0n }));
    return block!
      .getFilteredTransactionsList()
      .map((each) => [each.getTxid().length, each.getType(), each.getTxValidationCode(), each.hasTransactionActions()]);
  }),
  pair('Network.getFilteredBlockEvents', 'unknown channel', async ({ cleveland }) =>
    first(await cleveland.gateway.getNetwork('nope').getFilteredBlockEvents()),
  ),
  pair('Network.getBlockAndPrivateDataEvents', 'private values of the own organisation', async ({ cleveland }) => {
    const proposal = cleveland.contract.newProposal('PrivateValues:put', {
      arguments: [`_implicit_org_${CLEVELAND}`, 'bp-own'],
      transientData: { value: 'secret' },
    });
    const { blockNumber } = await cleveland.commit(await proposal.endorse());
    const event = await first(await cleveland.network.getBlockAndPrivateDataEvents({ startBlock: blockNumber }));
    return {
      number: BigInt(event!.getBlock()!.getHeader()!.getNumber()) === blockNumber,
      values: privateWrites(event!),
    };
  }),
  pair('Network.getBlockAndPrivateDataEvents', 'none of another organisation', async ({ cleveland, hungary }) => {
    const proposal = cleveland.contract.newProposal('PrivateValues:put', {
      arguments: [`_implicit_org_${CLEVELAND}`, 'bp-foreign'],
      transientData: { value: 'secret' },
    });
    const { blockNumber } = await cleveland.commit(await proposal.endorse());
    const event = await first(await hungary.network.getBlockAndPrivateDataEvents({ startBlock: blockNumber }));
    return privateWrites(event!);
  }),
  pair('Network.getBlockAndPrivateDataEvents', 'a block without private values', async (stage) => {
    const { blockNumber } = await blockWith(stage, 'State:put', 'bp-none', 'x');
    const event = await first(await stage.cleveland.network.getBlockAndPrivateDataEvents({ startBlock: blockNumber }));
    return privateWrites(event!);
  }),
  pair('Network.getBlockAndPrivateDataEvents', 'unknown channel', async ({ cleveland }) =>
    first(await cleveland.gateway.getNetwork('nope').getBlockAndPrivateDataEvents()),
  ),
];

function privateWrites(event: peer.BlockAndPrivateData): unknown {
  return [...event.getPrivateDataMapMap().entries()].map(([place, set]) => [
    place,
    set.getNsPvtRwsetList().map((namespace) =>
      namespace.getCollectionPvtRwsetList().map((collection) => [
        collection.getCollectionName(),
        ledger.rwset.kvrwset.KVRWSet.deserializeBinary(collection.getRwset_asU8())
          .getWritesList()
          .map((write) => [write.getKey(), text(write.getValue_asU8()), write.getIsDelete()]),
      ]),
    ),
  ]);
}
