import { createHash } from 'node:crypto';
import { common, gateway, peer } from '@hyperledger/fabric-protos';
import { text } from '../support/caller.js';
import { type Case, pair } from '../support/case.js';
import { HOSPITALS, HUNGARY } from '../support/hospitals.js';
import { changedProposal, proposalBytes } from '../support/messages.js';
import type { Stage } from '../support/stage.js';

function json(bytes: Uint8Array) {
  return JSON.parse(text(bytes));
}

function headersOf(proposed: Uint8Array) {
  const proposal = peer.Proposal.deserializeBinary(proposalBytes(proposed));
  const header = common.Header.deserializeBinary(proposal.getHeader_asU8());
  return {
    channel: common.ChannelHeader.deserializeBinary(header.getChannelHeader_asU8()),
    signature: common.SignatureHeader.deserializeBinary(header.getSignatureHeader_asU8()),
  };
}

async function attribute(stage: Stage, name: string, role: string | null): Promise<unknown> {
  const somebody = stage.caller(HUNGARY, await stage.person(HUNGARY, 'somebody', { role }));
  return await somebody.evaluateJson('Proposals:clientAttribute', name);
}

export const PROPOSALS: readonly Case[] = [
  pair('stub.getArgs', 'function and arguments as text', ({ cleveland }) => cleveland.evaluateJson('Proposals:args')),
  pair('stub.getStringArgs', 'bytes that are no text are replaced', async ({ cleveland }) =>
    json(await cleveland.contract.evaluateTransaction('Proposals:stringArgs', 'a', Buffer.from('ff41', 'hex'))),
  ),
  pair('stub.getBufferArgs', 'bytes as they were sent', async ({ cleveland }) =>
    json(await cleveland.contract.evaluateTransaction('Proposals:bufferArgs', 'ä', Buffer.from('00ff41', 'hex'))),
  ),
  pair('stub.getFunctionAndParameters', 'function apart from its parameters', ({ cleveland }) =>
    cleveland.evaluateJson('Proposals:functionAndParameters', 'a', ''),
  ),
  pair('stub.getTxID', "is the proposal's", async ({ cleveland }) => {
    const proposal = cleveland.contract.newProposal('Proposals:transactionId');
    return text(await proposal.evaluate()) === proposal.getTransactionId();
  }),
  pair('stub.getTxID', 'is the digest of nonce and creator', async ({ cleveland }) => {
    const proposal = cleveland.contract.newProposal('Proposals:transactionId');
    const { signature } = headersOf(proposal.getBytes());
    const digest = createHash('sha256').update(signature.getNonce_asU8()).update(signature.getCreator_asU8());
    return text(await proposal.evaluate()) === digest.digest('hex');
  }),
  pair(
    'stub.getChannelID',
    "is the channel's name",
    async ({ cleveland, channel }) => (await cleveland.evaluate('Proposals:channel')) === channel,
  ),
  pair('stub.getCreator', 'organisation and certificate of the client', async ({ cleveland, alice }) => {
    const { mspid, certificate } = await cleveland.evaluateJson('Proposals:creator');
    return { mspid, isOwn: certificate === alice.certificate };
  }),
  pair('stub.getMspID', "is the peer's organisation, not the client's", async ({ cleveland }) =>
    Promise.all(HOSPITALS.map((msp) => cleveland.evaluateAt(msp, 'Proposals:peer'))),
  ),
  pair('stub.getTransient', 'values by name', async ({ cleveland }) =>
    json(
      await cleveland.contract.evaluate('Proposals:transient', {
        transientData: { text: 'ä', bytes: Buffer.from('00ff', 'hex'), nothing: '' },
      }),
    ),
  ),
  pair('stub.getTransient', 'none', ({ cleveland }) => cleveland.evaluateJson('Proposals:transient')),
  pair('stub.getTransient', 'reaches every peer that endorses', async ({ cleveland }) =>
    JSON.parse(
      await cleveland.submitWith('Proposals:transient', {
        transientData: { value: 'secret' },
        endorsingOrganizations: [...HOSPITALS],
      }),
    ),
  ),
  pair('stub.getSignedProposal', 'headers of the proposal', async ({ cleveland, channel }) => {
    const proposal = cleveland.contract.newProposal('Proposals:signedProposal', { transientData: { a: 'b' } });
    const seen = json(await proposal.evaluate());
    return {
      ...seen,
      channel: seen.channel === channel,
      transactionId: seen.transactionId === proposal.getTransactionId(),
    };
  }),
  pair('stub.getTxTimestamp', "is the client's clock", async ({ cleveland }) => {
    const proposal = cleveland.contract.newProposal('Proposals:timestamp');
    const timestamp = headersOf(proposal.getBytes()).channel.getTimestamp();
    const { seconds, nanos } = json(await proposal.evaluate());
    return [seconds === timestamp?.getSeconds(), nanos === timestamp?.getNanos()];
  }),
  pair('stub.getDateTimestamp', "is the client's clock", async ({ cleveland }) => {
    const proposal = cleveland.contract.newProposal('Proposals:date');
    const timestamp = headersOf(proposal.getBytes()).channel.getTimestamp();
    return text(await proposal.evaluate()) === timestamp?.toDate().toISOString();
  }),
  pair('stub.getBinding', 'digest of nonce, creator and epoch', async ({ cleveland }) => {
    const proposal = cleveland.contract.newProposal('Proposals:binding');
    const { signature } = headersOf(proposal.getBytes());
    const epoch = Buffer.alloc(8);
    const bound = Buffer.concat([signature.getNonce_asU8(), signature.getCreator_asU8(), epoch]);
    return text(await proposal.evaluate()) === createHash('sha256').update(bound).digest('hex');
  }),
  pair('clientIdentity.getID', 'subject and issuer', ({ cleveland }) => cleveland.evaluate('Proposals:clientId')),
  pair('clientIdentity.getMSPID', "is the client's organisation", ({ hungary }) =>
    hungary.evaluateAt(HOSPITALS[0], 'Proposals:clientMsp'),
  ),
  pair(
    'clientIdentity.getIDBytes',
    'is the certificate',
    async ({ cleveland, alice }) => (await cleveland.evaluate('Proposals:clientCertificate')) === alice.certificate,
  ),
  pair('clientIdentity.getAttributeValue', 'attribute of the certificate', (stage) =>
    attribute(stage, 'consilium.role', 'data-steward'),
  ),
  pair('clientIdentity.getAttributeValue', 'attribute that it has not', (stage) =>
    attribute(stage, 'other', 'data-steward'),
  ),
  pair('clientIdentity.getAttributeValue', 'certificate without attributes', (stage) =>
    attribute(stage, 'consilium.role', null),
  ),
  pair('clientIdentity.assertAttributeValue', 'right value', ({ cleveland }) =>
    cleveland.evaluate('Proposals:clientHasAttribute', 'consilium.role', 'researcher'),
  ),
  pair('clientIdentity.assertAttributeValue', 'wrong value', ({ cleveland }) =>
    cleveland.evaluate('Proposals:clientHasAttribute', 'consilium.role', 'auditor'),
  ),
  pair('Proposal.evaluate', 'chaincode input without arguments', async ({ cleveland }) => {
    const proposal = cleveland.contract.newProposal('Results:text');
    const bytes = changedProposal(proposal.getBytes(), {
      payload: (payload) => {
        const spec = peer.ChaincodeInvocationSpec.deserializeBinary(payload.getInput_asU8());
        spec.getChaincodeSpec()!.setInput(new peer.ChaincodeInput());
        payload.setInput(spec.serializeBinary());
      },
    });
    return text(await cleveland.gateway.newProposal(bytes).evaluate());
  }),
  pair('Proposal.evaluate', 'proposal that names no chaincode', async ({ cleveland }) => {
    const proposal = cleveland.contract.newProposal('Results:text');
    const bytes = changedProposal(proposal.getBytes(), {
      payload: (payload) => payload.setInput(new Uint8Array()),
    });
    return text(await cleveland.gateway.newProposal(bytes).evaluate());
  }),
  pair('Proposal.getBytes', 'names organisations and transaction', async ({ cleveland }) => {
    const proposal = cleveland.contract.newProposal('State:get', {
      arguments: ['a'],
      endorsingOrganizations: [...HOSPITALS],
    });
    const proposed = gateway.ProposedTransaction.deserializeBinary(proposal.getBytes());
    return [
      proposed.getEndorsingOrganizationsList(),
      proposed.getTransactionId() === proposal.getTransactionId(),
      headersOf(proposal.getBytes()).channel.getType(),
    ];
  }),
  pair('Proposal.getDigest', 'is the digest of the proposal', async ({ cleveland }) => {
    const proposal = cleveland.contract.newProposal('State:get', { arguments: ['a'] });
    const digest = createHash('sha256').update(proposalBytes(proposal.getBytes())).digest();
    return digest.equals(proposal.getDigest());
  }),
];
