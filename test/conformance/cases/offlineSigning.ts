import { createHash } from 'node:crypto';
import type { Gateway, Signable } from '@hyperledger/fabric-gateway';
import { common, gateway as messages } from '@hyperledger/fabric-protos';
import { text } from '../support/caller.js';
import { type Case, pair, pairOfAny } from '../support/case.js';
import { CLEVELAND } from '../support/hospitals.js';
import { commitStatusRequest, creatorOf, envelopeOf, proposalBytes } from '../support/messages.js';
import { signMessage } from '../support/signing.js';
import type { Stage } from '../support/stage.js';
import { first } from '../support/streams.js';

/** DER of a signature that nothing was signed with. */
const FORGED = Buffer.from('3006020101020101', 'hex');

/** A gateway that has no key: whoever has it signs elsewhere. */
function keyless(stage: Stage): Gateway {
  return stage.gateway(CLEVELAND, stage.alice, { key: null });
}

function contractOf(stage: Stage, gateway: Gateway) {
  return gateway.getNetwork(stage.channel).getContract(stage.chaincode);
}

/** The signature of the person who calls at Cleveland over a message whose digest the library hands out. */
function signed({ alice }: Stage, signable: Signable, message: Uint8Array): Uint8Array {
  const digest = createHash('sha256').update(message).digest();
  if (!digest.equals(signable.getDigest())) throw new Error('the digest is not over this message');
  return signMessage(alice.key, message);
}

function commitStatusMessage(bytes: Uint8Array): Uint8Array {
  return messages.SignedCommitStatusRequest.deserializeBinary(bytes).getRequest_asU8();
}

function eventsMessage(bytes: Uint8Array): Uint8Array {
  return messages.SignedChaincodeEventsRequest.deserializeBinary(bytes).getRequest_asU8();
}

function envelopeMessage(bytes: Uint8Array): Uint8Array {
  return common.Envelope.deserializeBinary(bytes).getPayload_asU8();
}

/** An endorsed transaction, prepared by a client that has a key, for one that has none. */
async function prepared({ cleveland }: Stage, key: string): Promise<Uint8Array> {
  return (await cleveland.endorse('State:put', key, 'x')).getBytes();
}

export const OFFLINE_SIGNING: readonly Case[] = [
  pair('Gateway.newSignedProposal', 'evaluated', async (stage) => {
    const gateway = keyless(stage);
    const proposal = contractOf(stage, gateway).newProposal('Results:text');
    const signature = signed(stage, proposal, proposalBytes(proposal.getBytes()));
    return text(await gateway.newSignedProposal(proposal.getBytes(), signature).evaluate());
  }),
  pair('Gateway.newSignedProposal', 'endorsed', async (stage) => {
    const gateway = keyless(stage);
    const proposal = contractOf(stage, gateway).newProposal('State:put', { arguments: ['os-a', 'x'] });
    const signature = signed(stage, proposal, proposalBytes(proposal.getBytes()));
    return text((await gateway.newSignedProposal(proposal.getBytes(), signature).endorse()).getResult());
  }),
  pair('Gateway.newSignedProposal', 'forged signature, evaluated', async (stage) => {
    const gateway = keyless(stage);
    const proposal = contractOf(stage, gateway).newProposal('Results:text');
    return text(await gateway.newSignedProposal(proposal.getBytes(), FORGED).evaluate());
  }),
  pair('Gateway.newSignedProposal', 'forged signature, endorsed', async (stage) => {
    const gateway = keyless(stage);
    const proposal = contractOf(stage, gateway).newProposal('Results:text');
    return await gateway.newSignedProposal(proposal.getBytes(), FORGED).endorse();
  }),
  pair('Gateway.newSignedProposal', 'signature that is no DER', async (stage) => {
    const gateway = keyless(stage);
    const proposal = contractOf(stage, gateway).newProposal('Results:text');
    return await gateway.newSignedProposal(proposal.getBytes(), Buffer.from('none')).endorse();
  }),
  pair('Gateway.newSignedProposal', 'signature with high S', async (stage) => {
    const gateway = keyless(stage);
    const proposal = contractOf(stage, gateway).newProposal('Results:text');
    const signature = signMessage(stage.alice.key, proposalBytes(proposal.getBytes()), 'high');
    return await gateway.newSignedProposal(proposal.getBytes(), signature).endorse();
  }),
  pair('Gateway.newSignedProposal', 'bytes that are no proposal', async (stage) =>
    keyless(stage).newSignedProposal(Buffer.from('nonsense'), FORGED).getTransactionId(),
  ),
  pair('Gateway.newProposal', 'without signature, by who has no key', async (stage) => {
    const gateway = keyless(stage);
    const proposal = contractOf(stage, gateway).newProposal('Results:text');
    return await gateway.newProposal(proposal.getBytes()).endorse();
  }),
  pair('Gateway.newSignedTransaction', 'submitted', async (stage) => {
    const gateway = keyless(stage);
    const transaction = gateway.newTransaction(await prepared(stage, 'os-b'));
    const message = envelopeOf(transaction.getBytes()).getPayload_asU8();
    const signature = signed(stage, transaction, message);
    const commit = await stage.cleveland.order(gateway.newSignedTransaction(transaction.getBytes(), signature));
    return (await stage.cleveland.statusOf(commit.getTransactionId()).getStatus()).code;
  }),
  pairOfAny('Gateway.newSignedTransaction', 'forged signature', async (stage) => {
    const gateway = keyless(stage);
    const transaction = gateway.newSignedTransaction(await prepared(stage, 'os-c'), FORGED);
    return await transaction.submit();
  }),
  pairOfAny('Gateway.newTransaction', 'signed by somebody else', async (stage) => {
    const transaction = stage.hungary.gateway.newTransaction(await prepared(stage, 'os-d'));
    return await transaction.submit();
  }),
  pair('Gateway.newTransaction', 'result and id of the prepared one', async (stage) => {
    const transaction = keyless(stage).newTransaction(await prepared(stage, 'os-e'));
    return [text(transaction.getResult()), transaction.getTransactionId().length];
  }),
  pair('Gateway.newSignedCommit', 'status', async (stage) => {
    const transaction = await stage.cleveland.endorse('State:put', 'os-f', 'x');
    await stage.cleveland.commit(transaction);
    const gateway = keyless(stage);
    const identity = creatorOf(CLEVELAND, Buffer.from(stage.alice.certificate));
    const commit = gateway.newCommit(commitStatusRequest(stage.channel, transaction.getTransactionId(), identity));
    const signature = signed(stage, commit, commitStatusMessage(commit.getBytes()));
    return (await gateway.newSignedCommit(commit.getBytes(), signature).getStatus()).code;
  }),
  pair('Gateway.newSignedCommit', 'forged signature', async (stage) => {
    const transaction = await stage.cleveland.endorse('State:put', 'os-g', 'x');
    await stage.cleveland.commit(transaction);
    const { cleveland } = stage;
    const bytes = cleveland.statusOf(transaction.getTransactionId()).getBytes();
    return await cleveland.gateway.newSignedCommit(bytes, FORGED).getStatus();
  }),
  pair('Gateway.newSignedChaincodeEventsRequest', 'events', async (stage) => {
    const transaction = await stage.cleveland.endorse('Events:say', 'os-event', 'x');
    const { blockNumber: startBlock } = await stage.cleveland.commit(transaction);
    const gateway = keyless(stage);
    const request = gateway.getNetwork(stage.channel).newChaincodeEventsRequest(stage.chaincode, { startBlock });
    const signature = signed(stage, request, eventsMessage(request.getBytes()));
    const events = await gateway.newSignedChaincodeEventsRequest(request.getBytes(), signature).getEvents();
    return (await first(events))?.eventName;
  }),
  pair('Gateway.newSignedChaincodeEventsRequest', 'forged signature', async (stage) => {
    const gateway = keyless(stage);
    const request = gateway.getNetwork(stage.channel).newChaincodeEventsRequest(stage.chaincode);
    return await first(await gateway.newSignedChaincodeEventsRequest(request.getBytes(), FORGED).getEvents());
  }),
  pair('Gateway.newSignedBlockEventsRequest', 'blocks', async (stage) => {
    const gateway = keyless(stage);
    const request = gateway.getNetwork(stage.channel).newBlockEventsRequest({ startBlock: 0n });
    const signature = signed(stage, request, envelopeMessage(request.getBytes()));
    const blocks = await gateway.newSignedBlockEventsRequest(request.getBytes(), signature).getEvents();
    return (await first(blocks))?.getHeader()?.getNumber();
  }),
  pair('Gateway.newSignedBlockEventsRequest', 'forged signature', async (stage) => {
    const gateway = keyless(stage);
    const request = gateway.getNetwork(stage.channel).newBlockEventsRequest({ startBlock: 0n });
    return await first(await gateway.newSignedBlockEventsRequest(request.getBytes(), FORGED).getEvents());
  }),
  pair('Gateway.newSignedFilteredBlockEventsRequest', 'filtered blocks', async (stage) => {
    const gateway = keyless(stage);
    const request = gateway.getNetwork(stage.channel).newFilteredBlockEventsRequest({ startBlock: 0n });
    const signature = signed(stage, request, envelopeMessage(request.getBytes()));
    const blocks = await gateway.newSignedFilteredBlockEventsRequest(request.getBytes(), signature).getEvents();
    return (await first(blocks))?.getNumber();
  }),
  pair('Gateway.newSignedFilteredBlockEventsRequest', 'forged signature', async (stage) => {
    const gateway = keyless(stage);
    const request = gateway.getNetwork(stage.channel).newFilteredBlockEventsRequest({ startBlock: 0n });
    return await first(await gateway.newSignedFilteredBlockEventsRequest(request.getBytes(), FORGED).getEvents());
  }),
  pair('Gateway.newSignedBlockAndPrivateDataEventsRequest', 'blocks with private values', async (stage) => {
    const gateway = keyless(stage);
    const request = gateway.getNetwork(stage.channel).newBlockAndPrivateDataEventsRequest({ startBlock: 0n });
    const signature = signed(stage, request, envelopeMessage(request.getBytes()));
    const blocks = await gateway.newSignedBlockAndPrivateDataEventsRequest(request.getBytes(), signature).getEvents();
    return (await first(blocks))?.getBlock()?.getHeader()?.getNumber();
  }),
  pair('Gateway.newSignedBlockAndPrivateDataEventsRequest', 'forged signature', async (stage) => {
    const gateway = keyless(stage);
    const request = gateway.getNetwork(stage.channel).newBlockAndPrivateDataEventsRequest({ startBlock: 0n });
    return await first(await gateway.newSignedBlockAndPrivateDataEventsRequest(request.getBytes(), FORGED).getEvents());
  }),
  ...(
    [
      ['Gateway.newChaincodeEventsRequest', 'newChaincodeEventsRequest'],
      ['Gateway.newBlockEventsRequest', 'newBlockEventsRequest'],
      ['Gateway.newFilteredBlockEventsRequest', 'newFilteredBlockEventsRequest'],
      ['Gateway.newBlockAndPrivateDataEventsRequest', 'newBlockAndPrivateDataEventsRequest'],
    ] as const
  ).map(([name, method]) =>
    pair(name, 'made by one client, sent by another that has the key', async (stage) => {
      const made =
        method === 'newChaincodeEventsRequest'
          ? keyless(stage).getNetwork(stage.channel).newChaincodeEventsRequest(stage.chaincode, { startBlock: 0n })
          : keyless(stage).getNetwork(stage.channel)[method]({ startBlock: 0n });
      const events = await stage.cleveland.gateway[method](made.getBytes()).getEvents();
      return (await first(events as Parameters<typeof first>[0])) !== undefined;
    }),
  ),
];
