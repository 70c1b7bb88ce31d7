import { createHash } from 'node:crypto';
import type { Signable } from '@hyperledger/fabric-gateway';
import { common, gateway as messages, orderer } from '@hyperledger/fabric-protos';
import { text } from '../support/caller.js';
import { type Case, pair, pairAtDeadline } from '../support/case.js';
import { CLEVELAND } from '../support/hospitals.js';
import { creatorOf, envelopeOf } from '../support/messages.js';
import type { Stage } from '../support/stage.js';
import { first } from '../support/streams.js';

function digest(message: Uint8Array): Buffer {
  return createHash('sha256').update(message).digest();
}

/** The seek position of an unsigned request for blocks, and whom it names. */
function seek(request: Signable) {
  const payload = common.Payload.deserializeBinary(
    common.Envelope.deserializeBinary(request.getBytes()).getPayload_asU8(),
  );
  const header = common.ChannelHeader.deserializeBinary(payload.getHeader()!.getChannelHeader_asU8());
  const info = orderer.SeekInfo.deserializeBinary(payload.getData_asU8());
  return {
    type: header.getType(),
    start: info.getStart()?.getSpecified()?.getNumber(),
    behavior: info.getBehavior(),
    isDigest: digest(common.Envelope.deserializeBinary(request.getBytes()).getPayload_asU8()).equals(
      request.getDigest(),
    ),
  };
}

type BlockRequest = 'newBlockEventsRequest' | 'newFilteredBlockEventsRequest' | 'newBlockAndPrivateDataEventsRequest';

/** Network.newXRequest, and what the request that it makes can do. */
function blockRequest(name: string, method: BlockRequest): Case[] {
  const make = ({ cleveland }: Stage) => cleveland.network[method]({ startBlock: 0n });
  return [
    pair(`Network.${method}`, 'streams when it is asked to', async (stage) => {
      const events = await make(stage).getEvents();
      return (await first(events as Parameters<typeof first>[0])) !== undefined;
    }),
    pair(`${name}.getBytes`, 'names channel, start and what is asked for', async (stage) => seek(make(stage))),
    pair(`${name}.getDigest`, 'is the digest of what is signed', async (stage) => seek(make(stage)).isDigest),
  ];
}

export const CLIENT_OBJECTS: readonly Case[] = [
  pair('Gateway.getNetwork', 'network of that name', async ({ cleveland }) =>
    cleveland.gateway.getNetwork('other').getName(),
  ),
  pair('Gateway.newCommit', 'status of a transaction that somebody else submitted', async ({ cleveland, va }) => {
    const transaction = await cleveland.endorse('State:put', 'co-commit', 'x');
    const commit = await cleveland.order(transaction);
    const own = messages.SignedCommitStatusRequest.deserializeBinary(commit.getBytes());
    const request = messages.CommitStatusRequest.deserializeBinary(own.getRequest_asU8());
    const { mspId, credentials } = va.gateway.getIdentity();
    request.setIdentity(creatorOf(mspId, credentials));
    const unsigned = new messages.SignedCommitStatusRequest();
    unsigned.setRequest(request.serializeBinary());
    return (await va.gateway.newCommit(unsigned.serializeBinary()).getStatus()).code;
  }),
  pair('Gateway.close', 'leaves the connection to who made it', async (stage) => {
    const client = stage.client(CLEVELAND);
    const caller = stage.caller(CLEVELAND, stage.alice, { client });
    caller.gateway.close();
    return await stage.caller(CLEVELAND, stage.alice, { client }).evaluate('Results:text');
  }),
  pair('Network.getContract', 'contract of a chaincode', async ({ cleveland, chaincode }) =>
    text(await cleveland.network.getContract(chaincode).evaluateTransaction('Results:text')),
  ),
  pair('Contract.getChaincodeName', "is the chaincode's name", async ({ cleveland }) =>
    cleveland.network.getContract('some').getChaincodeName(),
  ),
  pair('Contract.getContractName', 'none without one', async ({ cleveland }) =>
    cleveland.network.getContract('some').getContractName(),
  ),
  pair('Contract.newProposal', 'name of the contract stands before the function', async ({ cleveland, chaincode }) => {
    const proposal = cleveland.network.getContract(chaincode, 'Proposals').newProposal('args');
    return JSON.parse(text(await proposal.evaluate()));
  }),
  pair('Proposal.getTransactionId', 'differs for the same call', async ({ cleveland }) => {
    const ids = [1, 2].map(() => cleveland.contract.newProposal('Results:text').getTransactionId());
    return [ids[0] === ids[1], ids.map((each) => each.length)];
  }),
  pair('Transaction.getBytes', 'envelope of the channel, not signed', async ({ cleveland, channel }) => {
    const transaction = await cleveland.endorse('State:put', 'co-bytes', 'x');
    const envelope = envelopeOf(transaction.getBytes());
    const payload = common.Payload.deserializeBinary(envelope.getPayload_asU8());
    const header = common.ChannelHeader.deserializeBinary(payload.getHeader()!.getChannelHeader_asU8());
    return [header.getChannelId() === channel, envelope.getSignature_asU8().length];
  }),
  pair('Transaction.getDigest', 'is the digest of the payload', async ({ cleveland }) => {
    const transaction = await cleveland.endorse('State:put', 'co-digest', 'x');
    return digest(envelopeOf(transaction.getBytes()).getPayload_asU8()).equals(transaction.getDigest());
  }),
  pair('Commit.getBytes', 'names channel, transaction and client', async ({ cleveland, channel }) => {
    const transaction = await cleveland.endorse('State:put', 'co-status', 'x');
    const commit = await cleveland.order(transaction);
    const signed = messages.SignedCommitStatusRequest.deserializeBinary(commit.getBytes());
    const request = messages.CommitStatusRequest.deserializeBinary(signed.getRequest_asU8());
    return [
      request.getChannelId() === channel,
      request.getTransactionId() === transaction.getTransactionId(),
      request.getIdentity_asU8().length > 0,
    ];
  }),
  pair('Commit.getDigest', 'is the digest of the request', async ({ cleveland }) => {
    const commit = await cleveland.order(await cleveland.endorse('State:put', 'co-request', 'x'));
    const signed = messages.SignedCommitStatusRequest.deserializeBinary(commit.getBytes());
    return digest(signed.getRequest_asU8()).equals(commit.getDigest());
  }),
  pair('Commit.getTransactionId', "is the transaction's", async ({ cleveland }) => {
    const transaction = await cleveland.endorse('State:put', 'co-id', 'x');
    return (await cleveland.order(transaction)).getTransactionId() === transaction.getTransactionId();
  }),
  pair('Network.newChaincodeEventsRequest', 'streams when it is asked to', async ({ cleveland, chaincode }) => {
    const transaction = await cleveland.endorse('Events:say', 'co-event', 'x');
    const { blockNumber: startBlock } = await cleveland.commit(transaction);
    return (await first(await cleveland.network.newChaincodeEventsRequest(chaincode, { startBlock }).getEvents()))
      ?.eventName;
  }),
  pair(
    'ChaincodeEventsRequest.getBytes',
    'names channel, chaincode and start',
    async ({ cleveland, chaincode, channel }) => {
      const made = cleveland.network.newChaincodeEventsRequest(chaincode, { startBlock: 7n });
      const signed = messages.SignedChaincodeEventsRequest.deserializeBinary(made.getBytes());
      const request = messages.ChaincodeEventsRequest.deserializeBinary(signed.getRequest_asU8());
      return [
        request.getChannelId() === channel,
        request.getChaincodeId() === chaincode,
        request.getStartPosition()?.getSpecified()?.getNumber(),
      ];
    },
  ),
  pair('ChaincodeEventsRequest.getDigest', 'is the digest of what is signed', async ({ cleveland, chaincode }) => {
    const made = cleveland.network.newChaincodeEventsRequest(chaincode);
    const signed = messages.SignedChaincodeEventsRequest.deserializeBinary(made.getBytes());
    return digest(signed.getRequest_asU8()).equals(made.getDigest());
  }),
  ...blockRequest('BlockEventsRequest', 'newBlockEventsRequest'),
  ...blockRequest('FilteredBlockEventsRequest', 'newFilteredBlockEventsRequest'),
  ...blockRequest('BlockAndPrivateDataEventsRequest', 'newBlockAndPrivateDataEventsRequest'),
  ...(['newFilteredBlockEventsRequest', 'newBlockAndPrivateDataEventsRequest'] as const).map((method) =>
    pairAtDeadline(`${method.slice('new'.length)}.getEvents`, 'deadline passes', async ({ cleveland }) => {
      const events = await cleveland.network[method]().getEvents({ deadline: Date.now() + 300 });
      return await first(events as Parameters<typeof first>[0]);
    }),
  ),
];
