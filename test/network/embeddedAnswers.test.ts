/** What the embedded channel answers when something is not so: in the words of Fabric 3.1.5, call by call. */

import type { Contract, Gateway, Network } from '@hyperledger/fabric-gateway';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { CHAINCODE, CHANNEL, EmbeddedNetwork } from './support/embeddedNetwork.js';
import { outcomeOf, refusedBy } from './support/outcome.js';

jest.setTimeout(240_000);

const [CLEVELAND, HUNGARY, SWITZERLAND, VA] = ['ClevelandMSP', 'HungaryMSP', 'SwitzerlandMSP', 'VaMSP'] as const;
const NOT_ENOUGH = '10 ABORTED: failed to collect enough transaction endorsements, see attached details for more info';
const NO_COMBINATION =
  '9 FAILED_PRECONDITION: no combination of peers can be derived which satisfy the endorsement policy';

let network: EmbeddedNetwork;
let gateway: Gateway;
let channel: Network;
let contract: Contract;

beforeAll(async () => {
  network = await EmbeddedNetwork.create([CLEVELAND, HUNGARY, SWITZERLAND, VA]);
  await network.start();
  gateway = network.gateway(CLEVELAND, await network.hospital(CLEVELAND).person('alice'));
  channel = gateway.getNetwork(CHANNEL);
  contract = channel.getContract(CHAINCODE);
});

afterAll(async () => {
  gateway.close();
  await network.close();
});

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();
const read = async (name: string, ...args: string[]) => text(await contract.evaluateTransaction(name, ...args));
const readJson = async (name: string, ...args: string[]) => JSON.parse(await read(name, ...args));

describe("what is not so is answered in Fabric's words", () => {
  test('an unknown chaincode', async () => {
    const unknown = channel.getContract('nope');
    expect(await outcomeOf(() => unknown.submitTransaction('x'))).toMatchObject({
      error: 'EndorseError',
      code: 9,
      message: `${NO_COMBINATION}: No metadata was found for chaincode nope in channel ${CHANNEL}`,
      details: [],
    });
    expect(await outcomeOf(() => unknown.evaluateTransaction('x'))).toMatchObject({
      code: 9,
      message: `9 FAILED_PRECONDITION: no peers available to evaluate chaincode nope in channel ${CHANNEL}`,
      details: [],
    });
  });

  test('an unknown channel', async () => {
    const other = gateway.getNetwork('nope');
    expect(await outcomeOf(() => other.getContract(CHAINCODE).submitTransaction('x'))).toMatchObject({
      code: 9,
      message: `${NO_COMBINATION}: No metadata was found for chaincode ${CHAINCODE} in channel nope`,
    });
    expect(await outcomeOf(() => other.getContract(CHAINCODE).evaluateTransaction('x'))).toMatchObject({
      code: 14,
      message: '14 UNAVAILABLE: failed to get config for channel [nope]: could not get last config for channel nope',
    });
    const firstOf = async (events: AsyncIterable<unknown>) => {
      for await (const event of events) return event;
      return undefined;
    };
    expect(await outcomeOf(async () => firstOf(await other.getChaincodeEvents(CHAINCODE)))).toMatchObject({
      code: 7,
      message: '7 PERMISSION_DENIED: Failed to get policy manager for channel [nope]',
    });
    expect(await outcomeOf(async () => firstOf(await other.getBlockEvents()))).toMatchObject({
      message: 'Unexpected status response: 404',
    });
  });

  test('an error of the contract', async () => {
    expect(await outcomeOf(() => contract.submitTransaction('nofn'))).toEqual(
      refusedBy(CLEVELAND, "chaincode response 500, You've asked to invoke a function that does not exist: nofn"),
    );
    expect(await outcomeOf(() => contract.evaluateTransaction('get'))).toMatchObject({
      error: 'GatewayError',
      code: 2,
      message:
        '2 UNKNOWN: evaluate call to endorser returned error: chaincode response 500, Expected 1 parameters, but 0 have been supplied',
      details: [`${CLEVELAND}: chaincode response 500, Expected 1 parameters, but 0 have been supplied`],
    });
    expect(await outcomeOf(() => contract.submitTransaction('fail', 'no €100 for 5 %'))).toEqual(
      refusedBy(CLEVELAND, 'chaincode response 500, no €100 for 5 %'),
    );
    expect(await outcomeOf(() => contract.evaluateTransaction('fail', ''))).toMatchObject({
      code: 2,
      message: '2 UNKNOWN: ',
      details: [`${CLEVELAND}: chaincode response 500, `],
    });
  });

  test('organisations that do not exist', async () => {
    const endorsingOrganizations = ['NopeMSP'];
    expect(
      await outcomeOf(() => contract.submit('put', { arguments: ['a', 'b'], endorsingOrganizations })),
    ).toMatchObject({ code: 14, message: '14 UNAVAILABLE: failed to find any endorsing peers for org(s): NopeMSP' });
    expect(await outcomeOf(() => contract.evaluate('get', { arguments: ['a'], endorsingOrganizations }))).toMatchObject(
      {
        code: 9,
        message: `9 FAILED_PRECONDITION: no peers available to evaluate chaincode ${CHAINCODE} in channel ${CHANNEL}`,
      },
    );
  });

  test('results that differ', async () => {
    const outcome = await outcomeOf(() => contract.submitTransaction('random', 'r'));
    expect(outcome).toMatchObject({ error: 'EndorseError', code: 10, message: NOT_ENOUGH });
    expect(outcome.details).toHaveLength(2);
    for (const detail of outcome.details!) expect(detail).toMatch(/ProposalResponsePayloads do not match$/);
  });

  test('one peer that differs or fails is outvoted, the own one is not', async () => {
    for (const name of ['differAt', 'failAt']) {
      expect(text(await contract.submitTransaction(name, VA))).toBe('ok');
    }
    expect(await outcomeOf(() => contract.submitTransaction('failAt', CLEVELAND))).toEqual(
      refusedBy(CLEVELAND, `chaincode response 500, not at ${CLEVELAND}`),
    );
    expect(await outcomeOf(() => contract.submitTransaction('differAt', CLEVELAND))).toMatchObject({
      code: 10,
      message: NOT_ENOUGH,
    });
  });

  test('too few endorsements', async () => {
    const only = await contract
      .newProposal('put', { arguments: ['few', '1'], endorsingOrganizations: [CLEVELAND, VA] })
      .endorse();
    expect((await (await only.submit()).getStatus()).code).toBe(10);
    expect(
      await outcomeOf(() =>
        contract.submit('put', {
          arguments: ['few', '1'],
          endorsingOrganizations: [CLEVELAND],
        }),
      ),
    ).toMatchObject({
      error: 'CommitError',
      message: 'Transaction <TX> failed to commit with status code 10 (ENDORSEMENT_POLICY_FAILURE)',
    });
    expect(await read('get', 'few')).toBe('');
  });

  test('queries that a peer with LevelDB has not', async () => {
    expect(await outcomeOf(() => contract.evaluateTransaction('rich'))).toMatchObject({
      details: [
        `${CLEVELAND}: chaincode response 500, GET_QUERY_RESULT failed: transaction ID: <TX>: ExecuteQuery not supported for leveldb`,
      ],
    });
    expect(await outcomeOf(() => contract.submitTransaction('pageThenPut', 'a', 'b', 'k'))).toEqual(
      refusedBy(
        CLEVELAND,
        'chaincode response 500, PUT_STATE failed: transaction ID: <TX>: txid [<TX>]: unsuppored transaction. Transaction has already performed a paginated query. Writes are not allowed',
      ),
    );
    expect(await outcomeOf(() => contract.submitTransaction('putThenPage', 'a', 'b', 'k'))).toEqual(
      refusedBy(
        CLEVELAND,
        'chaincode response 500, GET_STATE_BY_RANGE failed: transaction ID: <TX>: txid [<TX>]: unsuppored transaction. Paginated queries are supported only in a read-only transaction',
      ),
    );
  });

  test('calls from one chaincode to another', async () => {
    expect(await readJson('invoke', 'qscc')).toMatchObject({
      status: 500,
      message: `Rejecting invoke of QSCC from another chaincode because of potential for deadlocks, original invocation for '${CHAINCODE}'`,
    });
    const outcome = await outcomeOf(() => contract.evaluateTransaction('invoke', 'other'));
    expect(outcome.message).toMatch(/failed to get chaincode container info for other: chaincode other not found$/);
  });

  test('keys that are odd but allowed', async () => {
    expect(text(await contract.submitTransaction('put', '', 'empty key'))).toBe('ok');
    expect(text(await contract.submitTransaction('put', '\u0000abc\u0000', 'v'))).toBe('ok');
    expect(text(await contract.submitTransaction('put', '\u{10ffff}', 'last'))).toBe('ok');
    expect([await read('get', ''), await read('get', '\u0000abc\u0000'), await read('get', '\u{10ffff}')]).toEqual([
      'empty key',
      'v',
      'last',
    ]);
  });
});
