/** What the embedded channel must refuse, each with the answer of Fabric 3.1.5. */
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { signLowS } from '@consilium/embedded-fabric/wire/signature';
import { Client, credentials, type ServiceError } from '@grpc/grpc-js';
import type { Contract, Gateway } from '@hyperledger/fabric-gateway';
import { common, gateway as gatewayMessages, peer } from '@hyperledger/fabric-protos';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { CHAINCODE, CHANNEL, EmbeddedNetwork } from './support/embeddedNetwork.js';
import { type Credentials, TestHospital } from './support/identities.js';
import { outcomeOf, refusedBy } from './support/outcome.js';

jest.setTimeout(240_000);

const [CLEVELAND, HUNGARY, VA] = ['ClevelandMSP', 'HungaryMSP', 'VaMSP'] as const;
const NO_QUORUM =
  '14 UNAVAILABLE: insufficient number of orderers could successfully process transaction to satisfy quorum requirement';

let network: EmbeddedNetwork;
let alice: Credentials;
let gateway: Gateway;
let contract: Contract;
const scratch = mkdtempSync(join(tmpdir(), 'attack-'));

beforeAll(async () => {
  network = await EmbeddedNetwork.create([CLEVELAND, HUNGARY, VA]);
  await network.start();
  alice = await network.hospital(CLEVELAND).person('alice');
  gateway = network.gateway(CLEVELAND, alice);
  contract = gateway.getNetwork(CHANNEL).getContract(CHAINCODE);
});

afterAll(async () => {
  rmSync(scratch, { recursive: true, force: true });
  await network.close();
});

const contractOf = (one: Gateway) => one.getNetwork(CHANNEL).getContract(CHAINCODE);
const get = async (key: string) => Buffer.from(await contract.evaluateTransaction('get', key)).toString();

/** Expects that neither evaluation nor submission gets anywhere, both for the same reason. */
async function expectDenied(one: Gateway, reason: string): Promise<void> {
  const refused = contractOf(one);
  expect(await outcomeOf(() => refused.evaluateTransaction('get', 'a'))).toMatchObject({
    code: 9,
    message: `9 FAILED_PRECONDITION: evaluate call to endorser returned error: ${reason}`,
    details: [`${CLEVELAND}: ${reason}`],
  });
  expect(await outcomeOf(() => refused.submitTransaction('put', 'a', 'b'))).toEqual(refusedBy(CLEVELAND, reason));
}

const UNKNOWN = `error validating proposal: access denied: channel [${CHANNEL}] creator org unknown, creator is malformed`;
const DENIED = `error validating proposal: access denied: channel [${CHANNEL}] creator org [${CLEVELAND}]`;

describe('a client', () => {
  test('with a certificate of another authority is unknown', async () => {
    const impostor = await (await TestHospital.create(scratch, CLEVELAND)).person('alice');
    await expectDenied(network.gateway(CLEVELAND, impostor), UNKNOWN);
  });

  test('that claims another hospital, or one outside the channel, is unknown', async () => {
    for (const claims of [HUNGARY, 'NopeMSP']) {
      await expectDenied(network.gateway(CLEVELAND, alice, { claims }), UNKNOWN);
    }
  });

  test("that signs with another key than its certificate's is refused", async () => {
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    const key = other.export({ format: 'pem', type: 'pkcs8' }).toString();
    await expectDenied(network.gateway(CLEVELAND, alice, { key }), DENIED);
  });

  test('whose certificate has no role is refused', async () => {
    const nobody = await network.hospital(CLEVELAND).person('nobody', { unit: undefined });
    await expectDenied(network.gateway(CLEVELAND, nobody), DENIED);
  });

  test('whose certificate has expired is refused by every peer', async () => {
    const expired = await network
      .hospital(CLEVELAND)
      .person('late', { issuedMs: Date.now() - 3_600_000, lifetimeMs: 60_000 });
    const late = contractOf(network.gateway(CLEVELAND, expired));
    expect(await outcomeOf(() => late.evaluateTransaction('get', 'a'))).toMatchObject({
      code: 14,
      message: '14 UNAVAILABLE: failed to evaluate transaction, see attached details for more info',
      details: [
        `${CLEVELAND}: proposal client identity expired`,
        `${HUNGARY}: rpc error: code = Unknown desc = proposal client identity expired`,
        `${VA}: rpc error: code = Unknown desc = proposal client identity expired`,
      ],
    });
    expect(await outcomeOf(() => late.submitTransaction('put', 'a', 'b'))).toEqual(
      refusedBy(CLEVELAND, 'proposal client identity expired'),
    );
    const blocks = await network.gateway(CLEVELAND, expired).getNetwork(CHANNEL).getBlockEvents();
    expect(
      await outcomeOf(async () => {
        for await (const block of blocks) return block;
        return undefined;
      }),
    ).toMatchObject({ message: 'Unexpected status response: 403' });
  });

  test('whose clock is 20 minutes off is refused', async () => {
    const proposal = contract.newProposal('put', { arguments: ['a', 'b'] });
    const moved = movedProposal(proposal.getBytes(), 20 * 60);
    const unsigned = gateway.newSignedProposal(moved, sign(proposedBytes(moved)));
    const outcome = await outcomeOf(() => unsigned.endorse());
    expect(outcome.details?.[0]).toMatch(
      /request unauthorized due to incorrect timestamp <TIME>, peer time <TIME>, peer.authentication.timewindow 15m0s$/,
    );
  });

  test('that may not read gets no events and no commit status', async () => {
    const stranger = network.gateway(CLEVELAND, alice, { claims: HUNGARY });
    const events = await stranger.getNetwork(CHANNEL).getChaincodeEvents(CHAINCODE);
    const denied = `Failed evaluating policy on signed data during check policy on channel [${CHANNEL}] with policy [/Channel/Application/Readers]: [implicit policy evaluation failed - 0 sub-policies were satisfied, but this policy requires 1 of the 'Readers' sub-policies to be satisfied]`;
    expect(
      await outcomeOf(async () => {
        for await (const event of events) return event;
        return undefined;
      }),
    ).toMatchObject({ code: 7, message: `7 PERMISSION_DENIED: ${denied}` });
    const submitted = await contract.submitAsync('put', { arguments: ['status', '1'] });
    await submitted.getStatus();
    const request = gatewayMessages.SignedCommitStatusRequest.deserializeBinary(submitted.getBytes());
    const forged = gateway.newSignedCommit(request.serializeBinary(), Buffer.from('3006020101020101', 'hex'));
    expect(await outcomeOf(() => forged.getStatus())).toMatchObject({
      error: 'CommitStatusError',
      code: 7,
      message: `7 PERMISSION_DENIED: ${denied}`,
    });
  });
});

describe('an envelope', () => {
  test('that nobody signed is refused', async () => {
    const transaction = await contract.newProposal('put', { arguments: ['u', '1'] }).endorse();
    const prepared = gatewayMessages.PreparedTransaction.deserializeBinary(transaction.getBytes());
    expect(await submitRaw(prepared)).toMatchObject({
      code: 3,
      details: 'prepared transaction must be signed',
    });
  });

  test('that somebody else signed is refused by the orderers', async () => {
    const transaction = await contract.newProposal('put', { arguments: ['u', '1'] }).endorse();
    const bob = await network.hospital(HUNGARY).person('bob');
    const stolen = network.gateway(HUNGARY, bob).newTransaction(transaction.getBytes());
    const outcome = await outcomeOf(() => stolen.submit());
    expect(outcome).toMatchObject({ error: 'SubmitError', code: 14, message: NO_QUORUM });
    expect(outcome.details?.[0]).toMatch(
      /status=FORBIDDEN, info=implicit policy evaluation failed - 0 sub-policies were satisfied, but this policy requires 1 of the 'Writers' sub-policies to be satisfied: permission denied$/,
    );
  });

  test('whose result was forged is invalid', async () => {
    expect(
      await codeAfter((action) => {
        const endorsed = action.getAction()!;
        const response = peer.ProposalResponsePayload.deserializeBinary(endorsed.getProposalResponsePayload_asU8());
        const chaincodeAction = peer.ChaincodeAction.deserializeBinary(response.getExtension_asU8());
        chaincodeAction.getResponse()!.setPayload(Buffer.from('forged'));
        response.setExtension$(chaincodeAction.serializeBinary());
        endorsed.setProposalResponsePayload(response.serializeBinary());
      }),
    ).toBe(10);
  });

  test('whose arguments were forged is invalid', async () => {
    expect(
      await codeAfter((action) => {
        const payload = peer.ChaincodeProposalPayload.deserializeBinary(action.getChaincodeProposalPayload_asU8());
        payload.setInput(Buffer.from(payload.getInput_asU8()).subarray(0, -1));
        action.setChaincodeProposalPayload(payload.serializeBinary());
      }),
    ).toBe(5);
  });

  test('whose endorsements are one and the same twice is invalid', async () => {
    expect(
      await codeAfter((action) => {
        const [first] = action.getAction()!.getEndorsementsList();
        action.getAction()!.setEndorsementsList([first!, first!]);
      }),
    ).toBe(10);
  });

  test('that was ordered already is not ordered again', async () => {
    const transaction = await contract.newProposal('incr', { arguments: ['once'] }).endorse();
    await (await transaction.submit()).getStatus();
    const outcome = await outcomeOf(() => transaction.submit());
    expect(outcome).toMatchObject({ error: 'SubmitError', code: 14, message: NO_QUORUM });
    expect(outcome.details?.[0]).toMatch(/status=SERVICE_UNAVAILABLE, info=.*request already processed$/);
    expect(await get('once')).toBe('1');
  });

  test('sent three times at once is ordered once, and all three hear of it', async () => {
    const transaction = await contract.newProposal('incr', { arguments: ['thrice'] }).endorse();
    const results = await Promise.allSettled([1, 2, 3].map(() => transaction.submit()));
    expect(results.filter((each) => each.status === 'fulfilled').length).toBeGreaterThanOrEqual(1);
    const status = await (
      results.find((each) => each.status === 'fulfilled') as PromiseFulfilledResult<{
        getStatus(): Promise<{ code: number }>;
      }>
    ).value.getStatus();
    expect(status.code).toBe(0);
    expect(await get('thrice')).toBe('1');
  });

  test('larger than a block may be is refused', async () => {
    const outcome = await outcomeOf(() => contract.submitTransaction('put', 'l', 'x'.repeat(6 * 1024 * 1024)));
    expect(outcome).toMatchObject({ error: 'SubmitError', code: 14, message: NO_QUORUM });
    expect(outcome.details?.[0]).toMatch(
      /status=BAD_REQUEST, info=message payload is \d+ bytes and exceeds maximum allowed 10485760 bytes$/,
    );
  });
});

describe('a proposal', () => {
  test('of a committed transaction is not endorsed again', async () => {
    const proposal = contract.newProposal('put', { arguments: ['again', '1'] });
    const transaction = await proposal.endorse();
    await (await transaction.submit()).getStatus();
    expect(await outcomeOf(() => proposal.endorse())).toEqual(
      refusedBy(CLEVELAND, 'duplicate transaction found [<TX>]. Creator [..]'),
    );
  });

  test('with an id of its own choosing is refused', async () => {
    const proposal = contract.newProposal('put', { arguments: ['a', 'b'] });
    const chosen = movedProposal(proposal.getBytes(), 0, 'ab'.repeat(32));
    const outcome = await outcomeOf(() => gateway.newSignedProposal(chosen, sign(proposedBytes(chosen))).endorse());
    expect(outcome.details).toEqual([
      `${CLEVELAND}: error validating proposal: incorrectly computed txid '<TX>' -- expected '<TX>'`,
    ]);
  });

  test('whose content was altered after it was signed is refused', async () => {
    const proposal = contract.newProposal('put', { arguments: ['a', 'b'] });
    const altered = movedProposal(proposal.getBytes(), 1);
    const outcome = await outcomeOf(() =>
      gateway.newSignedProposal(altered, sign(proposedBytes(proposal.getBytes()))).endorse(),
    );
    expect(outcome.details).toEqual([`${CLEVELAND}: ${DENIED}`]);
  });
});

describe('an endpoint', () => {
  test('spoken to without TLS says nothing', async () => {
    const plain = network.gateway(CLEVELAND, alice, { client: network.client(CLEVELAND, { insecure: true }) });
    const outcome = await outcomeOf(() => contractOf(plain).evaluate('get', { arguments: ['a'] }));
    expect([4, 14]).toContain(outcome.code);
  });

  test("is not taken for another hospital's", async () => {
    const wrong = new Client(network.endpoint(CLEVELAND), credentials.createSsl(network.hospital(HUNGARY).tlsRoot));
    const outcome = await outcomeOf(() =>
      contractOf(network.gateway(CLEVELAND, alice, { client: wrong })).evaluate('get', { arguments: ['a'] }),
    );
    wrong.close();
    expect([4, 14]).toContain(outcome.code);
  });

  test('takes no frame over its limit', async () => {
    const value = Buffer.alloc(101 * 1024 * 1024, 'x');
    const client = new Client(network.endpoint(CLEVELAND), credentials.createSsl(network.hospital(CLEVELAND).tlsRoot), {
      'grpc.max_send_message_length': -1,
    });
    const big = contractOf(network.gateway(CLEVELAND, alice, { client }));
    const outcome = await outcomeOf(() => big.evaluate('get', { arguments: [value] }));
    client.close();
    expect(outcome.code).toBe(8);
    expect(await get('nothing')).toBe('');
  });

  test('answers others while many connections stay half open', async () => {
    const [host, port] = network.endpoint(CLEVELAND).split(':') as [string, string];
    const sockets = Array.from({ length: 1_000 }, () => connectTcp(Number(port), host));
    for (const socket of sockets) socket.on('error', () => {});
    await pause(500);
    const fresh = network.gateway(CLEVELAND, alice);
    const result = await contractOf(fresh).evaluate('get', { arguments: ['a'] });
    for (const socket of sockets) socket.destroy();
    expect(result).toBeDefined();
  });
});

/** Endorses a transaction, alters its action, signs and submits it, and answers its validation code. */
async function codeAfter(alter: (action: peer.ChaincodeActionPayload) => void): Promise<number> {
  const transaction = await contract.newProposal('put', { arguments: ['u', 'v'] }).endorse();
  const prepared = gatewayMessages.PreparedTransaction.deserializeBinary(transaction.getBytes());
  const envelope = prepared.getEnvelope()!;
  const payload = common.Payload.deserializeBinary(envelope.getPayload_asU8());
  const message = peer.Transaction.deserializeBinary(payload.getData_asU8());
  const [action] = message.getActionsList();
  const actionPayload = peer.ChaincodeActionPayload.deserializeBinary(action!.getPayload_asU8());
  alter(actionPayload);
  action!.setPayload(actionPayload.serializeBinary());
  payload.setData(message.serializeBinary());
  envelope.setPayload(payload.serializeBinary());
  const altered = gateway.newTransaction(prepared.serializeBinary());
  return (await (await altered.submit()).getStatus()).code;
}

function submitRaw(prepared: gatewayMessages.PreparedTransaction): Promise<ServiceError | null> {
  const request = new gatewayMessages.SubmitRequest();
  request.setChannelId(CHANNEL);
  request.setTransactionId(prepared.getTransactionId());
  request.setPreparedTransaction(prepared.getEnvelope());
  const channelOverride = network.client(CLEVELAND).getChannel();
  const client = new gatewayMessages.GatewayClient('unused', credentials.createInsecure(), { channelOverride });
  return new Promise((resolve) => client.submit(request, (error) => resolve(error)));
}

function proposedBytes(proposal: Uint8Array): Uint8Array {
  return gatewayMessages.ProposedTransaction.deserializeBinary(proposal).getProposal()!.getProposalBytes_asU8();
}

/** The same proposal with its clock moved and, if wanted, another transaction id. */
function movedProposal(bytes: Uint8Array, seconds: number, transactionId?: string): Uint8Array {
  const proposed = gatewayMessages.ProposedTransaction.deserializeBinary(bytes);
  const proposal = peer.Proposal.deserializeBinary(proposed.getProposal()!.getProposalBytes_asU8());
  const header = common.Header.deserializeBinary(proposal.getHeader_asU8());
  const channelHeader = common.ChannelHeader.deserializeBinary(header.getChannelHeader_asU8());
  const timestamp = channelHeader.getTimestamp()!;
  timestamp.setSeconds(timestamp.getSeconds() + seconds);
  if (transactionId) channelHeader.setTxId(transactionId);
  header.setChannelHeader(channelHeader.serializeBinary());
  proposal.setHeader(header.serializeBinary());
  proposed.getProposal()!.setProposalBytes(proposal.serializeBinary());
  return proposed.serializeBinary();
}

/** Alice's signature, with low S, over SHA-256 of the bytes. */
function sign(bytes: Uint8Array): Uint8Array {
  return signLowS(createPrivateKey(alice.key), bytes);
}
