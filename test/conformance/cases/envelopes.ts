import { credentials, type ServiceError } from '@grpc/grpc-js';
import { gateway as messages, peer } from '@hyperledger/fabric-protos';
import { type Case, pair, pairOfAny } from '../support/case.js';
import { CLEVELAND } from '../support/hospitals.js';
import {
  changedHeader,
  changedProposal,
  changedTransaction,
  type EndorsedAction,
  type ProposalChange,
} from '../support/messages.js';
import type { Stage } from '../support/stage.js';

/** Endorses a transaction, changes its action, submits it and resolves to its validation code. */
async function codeAfter({ cleveland }: Stage, change: (action: EndorsedAction) => void): Promise<number> {
  const transaction = await cleveland.endorse('State:put', 'fo-a', 'x');
  const changed = cleveland.gateway.newTransaction(changedTransaction(transaction.getBytes(), change));
  return (await cleveland.commit(changed)).code;
}

/** Has a changed proposal endorsed: the client signs what it changed. */
async function endorseChanged({ cleveland }: Stage, change: ProposalChange): Promise<unknown> {
  const proposal = cleveland.contract.newProposal('State:put', { arguments: ['fo-b', 'x'] });
  const changed = cleveland.gateway.newProposal(changedProposal(proposal.getBytes(), change));
  await changed.endorse();
  return 'endorsed';
}

/** Submits an envelope as it is, which the client library would sign first. */
async function submitRaw(stage: Stage, change: (request: messages.SubmitRequest) => void): Promise<unknown> {
  const transaction = await stage.cleveland.endorse('State:put', 'fo-c', 'x');
  const prepared = messages.PreparedTransaction.deserializeBinary(transaction.getBytes());
  const request = new messages.SubmitRequest();
  request.setChannelId(stage.channel);
  request.setTransactionId(prepared.getTransactionId());
  request.setPreparedTransaction(prepared.getEnvelope());
  change(request);
  const channelOverride = stage.client(CLEVELAND).getChannel();
  const client = new messages.GatewayClient('unused', credentials.createInsecure(), { channelOverride });
  const error = await new Promise<ServiceError | null>((resolve) => client.submit(request, (each) => resolve(each)));
  return error && { code: error.code, details: error.details };
}

export const ENVELOPES: readonly Case[] = [
  pair('forged transaction', 'other result', (stage) =>
    codeAfter(stage, ({ action }) => action.getResponse()!.setPayload(Buffer.from('forged'))),
  ),
  pair('forged transaction', 'other writes', (stage) =>
    codeAfter(stage, ({ action }) =>
      action.setResults(action.getResults_asU8().map((byte) => (byte === 0x78 ? 0x79 : byte))),
    ),
  ),
  pair('forged transaction', 'other arguments', (stage) =>
    codeAfter(stage, ({ payload }) => {
      const input = peer.ChaincodeProposalPayload.deserializeBinary(payload.getChaincodeProposalPayload_asU8());
      input.setInput(Buffer.from(input.getInput_asU8()).subarray(0, -1));
      payload.setChaincodeProposalPayload(input.serializeBinary());
    }),
  ),
  pair('forged transaction', 'transient values added', (stage) =>
    codeAfter(stage, ({ payload }) => {
      const input = peer.ChaincodeProposalPayload.deserializeBinary(payload.getChaincodeProposalPayload_asU8());
      input.getTransientmapMap().set('value', Buffer.from('secret'));
      payload.setChaincodeProposalPayload(input.serializeBinary());
    }),
  ),
  pair('forged transaction', 'one endorsement twice in place of another', (stage) =>
    codeAfter(stage, ({ payload }) => {
      const [one, two] = payload.getAction()!.getEndorsementsList();
      payload.getAction()!.setEndorsementsList([one!, one!, two!]);
    }),
  ),
  pair('forged transaction', 'one endorsement too few', (stage) =>
    codeAfter(stage, ({ payload }) => {
      payload.getAction()!.setEndorsementsList(payload.getAction()!.getEndorsementsList().slice(1));
    }),
  ),
  pair('forged transaction', 'no endorsement', (stage) =>
    codeAfter(stage, ({ payload }) => {
      payload.getAction()!.setEndorsementsList([]);
    }),
  ),
  pair('forged transaction', 'signature of an endorsement broken', (stage) =>
    codeAfter(stage, ({ payload }) => {
      const [one] = payload.getAction()!.getEndorsementsList();
      const signature = Buffer.from(one!.getSignature_asU8());
      signature[signature.length - 1]! ^= 1;
      one!.setSignature(signature);
    }),
  ),
  pair('forged transaction', 'other version of the chaincode', (stage) =>
    codeAfter(stage, ({ action }) => action.getChaincodeId()!.setVersion('0')),
  ),
  pair('forged transaction', 'other chaincode in the action', (stage) =>
    codeAfter(stage, ({ action }) => action.getChaincodeId()!.setName('other')),
  ),
  pair('forged transaction', 'event of another transaction', (stage) =>
    codeAfter(stage, ({ action }) => {
      const event = new peer.ChaincodeEvent();
      event.setEventName('forged');
      event.setChaincodeId(action.getChaincodeId()!.getName());
      event.setTxId('ab'.repeat(32));
      action.setEvents(event.serializeBinary());
    }),
  ),
  pair('forged transaction', 'other transaction id in the header', async ({ cleveland }) => {
    const transaction = await cleveland.endorse('State:put', 'fo-d', 'x');
    const bytes = changedHeader(transaction.getBytes(), (header) => header.setTxId('ab'.repeat(32)));
    const prepared = messages.PreparedTransaction.deserializeBinary(bytes);
    prepared.setTransactionId('ab'.repeat(32));
    const commit = await cleveland.gateway.newTransaction(prepared.serializeBinary()).submit();
    return (await commit.getStatus({ deadline: Date.now() + 60_000 })).code;
  }),
  pairOfAny('forged transaction', 'other channel in the header', async ({ cleveland }) => {
    const transaction = await cleveland.endorse('State:put', 'fo-e', 'x');
    const bytes = changedHeader(transaction.getBytes(), (header) => header.setChannelId('nope'));
    return await cleveland.gateway.newTransaction(bytes).submit();
  }),
  pairOfAny('forged transaction', 'type of a configuration', async ({ cleveland }) => {
    const transaction = await cleveland.endorse('State:put', 'fo-f', 'x');
    const bytes = changedHeader(transaction.getBytes(), (header) => header.setType(1));
    return await cleveland.gateway.newTransaction(bytes).submit();
  }),
  pair('Gateway service Submit', 'envelope without signature', (stage) => submitRaw(stage, () => {})),
  pair('Gateway service Submit', 'no envelope', (stage) =>
    submitRaw(stage, (request) => request.setPreparedTransaction(undefined)),
  ),
  pair('Gateway service Submit', 'unknown channel', (stage) =>
    submitRaw(stage, (request) => {
      request.setChannelId('nope');
      request.getPreparedTransaction()!.setSignature(Buffer.from('x'));
    }),
  ),
  pair('forged proposal', 'id that is not the digest of nonce and creator', (stage) =>
    endorseChanged(stage, { channelHeader: (header) => header.setTxId('ab'.repeat(32)) }),
  ),
  pair('forged proposal', 'no id', (stage) => endorseChanged(stage, { channelHeader: (header) => header.setTxId('') })),
  pair('forged proposal', 'epoch', (stage) => endorseChanged(stage, { channelHeader: (header) => header.setEpoch(1) })),
  pair('forged proposal', 'unknown type', (stage) =>
    endorseChanged(stage, { channelHeader: (header) => header.setType(99 as never) }),
  ),
  pair('forged proposal', 'type of a message', (stage) =>
    endorseChanged(stage, { channelHeader: (header) => header.setType(0) }),
  ),
  pair('forged proposal', 'other version of the message', (stage) =>
    endorseChanged(stage, { channelHeader: (header) => header.setVersion(7) }),
  ),
  pair('forged proposal', 'no time', (stage) =>
    endorseChanged(stage, { channelHeader: (header) => header.setTimestamp(undefined) }),
  ),
  pair('forged proposal', 'no nonce', (stage) =>
    endorseChanged(stage, { signatureHeader: (header) => header.setNonce(new Uint8Array()) }),
  ),
  pair('forged proposal', 'no creator', (stage) =>
    endorseChanged(stage, { signatureHeader: (header) => header.setCreator(new Uint8Array()) }),
  ),
  pair('forged proposal', 'creator that is no identity', (stage) =>
    endorseChanged(stage, { signatureHeader: (header) => header.setCreator(Buffer.from('nobody')) }),
  ),
  pair('forged proposal', 'other channel than the request', async ({ cleveland }) => {
    const proposal = cleveland.contract.newProposal('State:put', { arguments: ['fo-g', 'x'] });
    const changed = changedProposal(proposal.getBytes(), {
      channelHeader: (header) => header.setChannelId('nope'),
    });
    await cleveland.gateway.newProposal(changed).endorse();
    return 'endorsed';
  }),
];
