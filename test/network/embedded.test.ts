/**
 * The embedded channel with four hospitals, a chaincode process each, Fabric's own client library and Fabric's own
 * chaincode library, none of them altered. The texts are those that Fabric 3.1.5 answers to the same calls.
 */

import type { Contract, Gateway, Network } from '@hyperledger/fabric-gateway';
import { common, peer } from '@hyperledger/fabric-protos';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { CHAINCODE, CHAINCODE_VERSION, CHANNEL, EmbeddedNetwork } from './support/embeddedNetwork.js';
import { endorsersOf, readWriteSetOf, typeOf } from './support/messages.js';
import { outcomeOf } from './support/outcome.js';

jest.setTimeout(240_000);

const [CLEVELAND, HUNGARY, SWITZERLAND, VA] = ['ClevelandMSP', 'HungaryMSP', 'SwitzerlandMSP', 'VaMSP'] as const;
const NO_COMBINATION =
  '9 FAILED_PRECONDITION: no combination of peers can be derived which satisfy the endorsement policy';

let network: EmbeddedNetwork;
const gateways = new Map<string, Gateway>();
let channel: Network;
let contract: Contract;
let hungary: Contract;

beforeAll(async () => {
  network = await EmbeddedNetwork.create([CLEVELAND, HUNGARY, SWITZERLAND, VA]);
  await network.start();
  for (const { msp } of network.hospitals) {
    gateways.set(msp, network.gateway(msp, await network.hospital(msp).person('alice')));
  }
  channel = gateways.get(CLEVELAND)!.getNetwork(CHANNEL);
  contract = channel.getContract(CHAINCODE);
  hungary = gateways.get(HUNGARY)!.getNetwork(CHANNEL).getContract(CHAINCODE);
});

afterAll(async () => {
  for (const gateway of gateways.values()) gateway.close();
  await network.close();
});

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();
const read = async (name: string, ...args: string[]) => text(await contract.evaluateTransaction(name, ...args));
const readJson = async (name: string, ...args: string[]) => JSON.parse(await read(name, ...args));

/** Endorses and submits a transaction and answers its validation code. */
async function codeOf(name: string, ...args: string[]): Promise<number> {
  const transaction = await contract.newProposal(name, { arguments: args }).endorse();
  return (await (await transaction.submit()).getStatus()).code;
}

describe('a transaction', () => {
  test('is committed, and read back by every hospital', async () => {
    expect(text(await contract.submitTransaction('put', 'a', 'b'))).toBe('ok');
    for (const { msp } of network.hospitals) {
      const result = await contract.evaluate('get', { arguments: ['a'], endorsingOrganizations: [msp] });
      expect(text(result)).toBe('b');
    }
  });

  test('names its submitter with role and certificate', async () => {
    expect(await readJson('who')).toMatchObject({
      id: 'x509::/CN=alice/OU=client/O=ClevelandMSP::/CN=ca.ClevelandMSP/O=ClevelandMSP',
      msp: CLEVELAND,
      role: 'researcher',
      peer: CLEVELAND,
      channel: CHANNEL,
    });
  });

  test('is endorsed by the own peer and two others', async () => {
    const transaction = await contract.newProposal('put', { arguments: ['b', '1'] }).endorse();
    const organizations = endorsersOf(transaction.getBytes());
    expect(organizations).toHaveLength(3);
    expect(organizations).toContain(CLEVELAND);
  });

  test('reads what was before it, not its own writes', async () => {
    await contract.submitTransaction('put', 'own', 'before');
    expect(await read('putThenGet', 'own', 'after')).toBe('before');
  });

  test('knows its block, and tells others', async () => {
    const submitted = await contract.submitAsync('put', { arguments: ['c', '1'] });
    const status = await submitted.getStatus();
    expect(status).toMatchObject({ code: 0, successful: true });
    expect(status.blockNumber).toBeGreaterThan(1n);
    const signed = gateways.get(CLEVELAND)!.newCommit(submitted.getBytes());
    expect(await signed.getStatus()).toMatchObject({ code: 0, blockNumber: status.blockNumber });
  });

  test('that read what another one changed is a conflict', async () => {
    const endorsed = await Promise.all(
      [1, 2, 3].map(() => contract.newProposal('incr', { arguments: ['counter'] }).endorse()),
    );
    const submitted = await Promise.all(endorsed.map((each) => each.submit()));
    const codes = await Promise.all(submitted.map(async (each) => (await each.getStatus()).code));
    expect(codes.sort()).toEqual([0, 11, 11]);
    expect(await read('get', 'counter')).toBe('1');
  });

  test('that counted a range in which a key appears is a phantom', async () => {
    await contract.submitTransaction('putMany', 'ph', '3');
    const counting = await contract.newProposal('countThenPut', { arguments: ['ph', 'ph~', 'n'] }).endorse();
    await contract.submitTransaction('put', 'ph00001x', '1');
    expect((await (await counting.submit()).getStatus()).code).toBe(12);
    expect(await codeOf('countThenPut', 'ph', 'ph~', 'n')).toBe(0);
    expect(await read('get', 'n')).toBe('4');
  });

  test('may depend on the one before it, thirteen times over', async () => {
    for (let count = 0; count < 13; count++) await contract.submitTransaction('incr', 'thirteen');
    expect(await read('get', 'thirteen')).toBe('13');
  });

  test('with a large argument and result goes through', async () => {
    const value = 'x'.repeat(3 * 1024 * 1024);
    await contract.submitTransaction('put', 'large', value);
    expect((await read('get', 'large')).length).toBe(value.length);
    expect((await read('big', String(8 * 1024 * 1024))).length).toBe(8 * 1024 * 1024);
  });
});

describe('keys and ranges', () => {
  test('come in the order of their bytes, more than a batch of them too', async () => {
    await contract.submitTransaction('putMany', 'order', '250');
    const found: [string, string][] = await readJson('range', 'order', 'order~');
    expect(found.map(([key]) => key)).toEqual(
      Array.from({ length: 250 }, (_, index) => `order${String(index).padStart(5, '0')}`),
    );
    expect(await readJson('range', 'order00003', 'order00005')).toEqual([
      ['order00003', 'v3'],
      ['order00004', 'v4'],
    ]);
  });

  test('are read page by page', async () => {
    await contract.submitTransaction('putMany', 'page', '5');
    expect(await readJson('page', 'page', 'page~', '2', '')).toEqual({
      keys: ['page00000', 'page00001'],
      fetchedRecordsCount: 2,
      bookmark: 'page00002',
    });
    expect(await readJson('page', 'page', 'page~', '2', 'page00004')).toEqual({
      keys: ['page00004'],
      fetchedRecordsCount: 1,
      bookmark: '',
    });
  });

  test('with parts are found by their first part, and are not in plain ranges', async () => {
    await contract.submitTransaction('putComposite', 'kind', 'x', '1', 'one');
    await contract.submitTransaction('putComposite', 'kind', 'x', '2', 'two');
    await contract.submitTransaction('putComposite', 'kind', 'y', '1', 'three');
    expect(await readJson('byComposite', 'kind', 'x')).toEqual([
      ['x', '1', 'one'],
      ['x', '2', 'two'],
    ]);
    expect(await readJson('pageComposite', 'kind', '2', '')).toMatchObject({ found: ['x/1', 'x/2'] });
    const all: [string, string][] = await readJson('range', '', '');
    expect(all.some(([key]) => key.includes('kind'))).toBe(false);
    expect(all.length).toBeGreaterThan(200);
  });

  test('have a history, newest first', async () => {
    await contract.submitTransaction('put', 'h', '1');
    await contract.submitTransaction('put', 'h', '2');
    await contract.submitTransaction('del', 'h');
    const history: { value: string; isDelete: boolean; seconds: number }[] = await readJson('history', 'h');
    expect(history.map(({ value, isDelete }) => [value, isDelete])).toEqual([
      ['', true],
      ['2', false],
      ['1', false],
    ]);
    expect(Math.abs(history[0]!.seconds * 1000 - Date.now())).toBeLessThan(60_000);
    expect(await readJson('history', 'nothing')).toEqual([]);
  });

  test('leave in the block exactly what Fabric leaves', async () => {
    await contract.submitTransaction('putMany', 'rw', '3');
    const counting = await contract.newProposal('countThenPut', { arguments: ['rw', 'rw~', 'cnt'] }).endorse();
    expect(readWriteSetOf(counting.getBytes())).toEqual([
      { namespace: '_lifecycle', reads: ['namespaces/fields/demo/Sequence'], ranges: [], writes: [] },
      {
        namespace: 'demo',
        reads: [],
        ranges: [['rw', 'rw~', true, ['rw00000', 'rw00001', 'rw00002']]],
        writes: ['cnt'],
      },
    ]);
    const first = await contract.newProposal('rangeFirst', { arguments: ['rw', 'rw~'] }).endorse();
    expect(readWriteSetOf(first.getBytes())[1]).toMatchObject({
      ranges: [['rw', 'rw~', true, ['rw00000', 'rw00001', 'rw00002']]],
    });
  });
});

describe('events', () => {
  test('of a chaincode arrive in order, from any block on', async () => {
    const start = (await (await contract.submitAsync('putEvent', { arguments: ['e', '1'] })).getStatus()).blockNumber;
    await contract.submitTransaction('putEvent', 'e', '2');
    const events = await channel.getChaincodeEvents(CHAINCODE, { startBlock: start });
    const values: string[] = [];
    let afterFirst = '';
    for await (const event of events) {
      afterFirst ||= event.transactionId;
      values.push(JSON.parse(text(event.payload)).value);
      if (values.length === 2) break;
    }
    events.close();
    expect(values).toEqual(['1', '2']);
    const resumed = await channel.getChaincodeEvents(CHAINCODE, {
      checkpoint: { getBlockNumber: () => start, getTransactionId: () => afterFirst },
    });
    for await (const event of resumed) {
      expect(JSON.parse(text(event.payload)).value).toBe('2');
      break;
    }
    resumed.close();
  });

  test('are followed as they happen, at another hospital too', async () => {
    const events = await gateways.get(VA)!.getNetwork(CHANNEL).getChaincodeEvents(CHAINCODE);
    // The client library does not say when the peer has begun to follow: what was committed before does not arrive.
    let hasArrived = false;
    const submitted = (async () => {
      while (!hasArrived) await contract.submitTransaction('putEvent', 'live', 'now');
    })();
    for await (const event of events) {
      expect(event).toMatchObject({ eventName: 'Put', chaincodeName: CHAINCODE });
      break;
    }
    hasArrived = true;
    events.close();
    await submitted;
  });

  test('of invalid transactions do not arrive, their blocks do', async () => {
    await contract.submitTransaction('putMany', 'ev', '1');
    const stale = await contract.newProposal('incr', { arguments: ['evkey'] }).endorse();
    await contract.submitTransaction('incr', 'evkey');
    const status = await (await stale.submit()).getStatus();
    expect(status.code).toBe(11);
    const blocks = await channel.getFilteredBlockEvents({ startBlock: status.blockNumber });
    for await (const block of blocks) {
      const [transaction] = block.getFilteredTransactionsList();
      expect(transaction?.getTxid()).toBe(stale.getTransactionId());
      expect(transaction?.getTxValidationCode()).toBe(11);
      expect(block.getChannelId()).toBe(CHANNEL);
      break;
    }
    blocks.close();
  });

  test('of blocks chain up by their hashes, from the first one on', async () => {
    const blocks = await channel.getBlockEvents({ startBlock: 0n });
    const { headerHash } = await import('@consilium/embedded-fabric/wire/block');
    let previous: Buffer = Buffer.alloc(0);
    let count = 0;
    for await (const block of blocks) {
      const header = block.getHeader()!;
      expect(header.getNumber()).toBe(count);
      expect(Buffer.from(header.getPreviousHash_asU8())).toEqual(previous);
      const metadata = block.getMetadata()!.getMetadataList_asU8();
      expect(metadata.map((each) => each.length > 0)).toEqual([true, false, true, false, count > 0]);
      previous = headerHash({
        number: header.getNumber(),
        previousHash: previous,
        dataHash: Buffer.from(header.getDataHash_asU8()),
      });
      count += 1;
      if (count === 10) break;
    }
    blocks.close();
    expect(typeOf(await firstBlock())).toBe(common.HeaderType.CONFIG);
  });
});

describe('private data', () => {
  const transientData = { value: 'secret' };

  test('is written by the own peer alone and stays there', async () => {
    const transaction = await contract.newProposal('putPrivate', { arguments: ['p'], transientData }).endorse();
    expect(endorsersOf(transaction.getBytes())).toEqual([CLEVELAND]);
    expect((await (await transaction.submit()).getStatus()).code).toBe(0);
    expect(text(await contract.evaluateTransaction('getPrivate', 'p'))).toBe('secret');
    expect(await outcomeOf(() => hungary.evaluateTransaction('getPrivateOf', CLEVELAND, 'p'))).toMatchObject({
      message: expect.stringMatching(
        /private data matching public hash version is not available\. Public hash version = \{BlockNum: N, TxNum: 0\}, Private data version = <nil>$/,
      ),
    });
    const hash = text(await hungary.evaluateTransaction('privateHash', CLEVELAND, 'p'));
    expect(hash).toBe('2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b');
  });

  test('cannot be mixed with public writes without naming who may see it', async () => {
    expect(
      await outcomeOf(() => contract.submit('putPrivateAndPublic', { arguments: ['m'], transientData })),
    ).toMatchObject({
      code: 9,
      message: `9 FAILED_PRECONDITION: requires endorsement from organisation(s) that are not in the distribution policy of the private data collection(s): [_implicit_org_${CLEVELAND}]; retry specifying trusted endorsing organizations to protect transient data`,
    });
    await contract.submit('putPrivateAndPublic', {
      arguments: ['m'],
      transientData,
      endorsingOrganizations: [CLEVELAND, HUNGARY, VA],
    });
    expect(await read('get', 'pub-m')).toBe('x');
  });

  test('can be deleted, and purged with its hash', async () => {
    await contract.submit('putPrivate', { arguments: ['d'], transientData });
    await contract.submitTransaction('delPrivate', 'd');
    expect([await read('getPrivate', 'd'), await read('privateHash', CLEVELAND, 'd')]).toEqual(['', '']);
    await contract.submit('putPrivate', { arguments: ['g'], transientData });
    await contract.submitTransaction('purge', 'g');
    expect([await read('getPrivate', 'g'), await read('privateHash', CLEVELAND, 'g')]).toEqual(['', '']);
  });

  test('that was read cannot be submitted, only evaluated', async () => {
    await contract.submit('putPrivate', { arguments: ['s'], transientData });
    expect(await outcomeOf(() => contract.submitTransaction('getPrivate', 's'))).toMatchObject({
      code: 9,
      message: `${NO_COMBINATION}: no peer combination can satisfy the endorsement policy`,
    });
    expect(await readJson('rangePrivate', 's', 't')).toEqual([['s', 'secret']]);
  });

  test('of collections that do not exist', async () => {
    expect(await outcomeOf(() => contract.evaluateTransaction('getPrivateOf', 'NopeMSP', 'k'))).toMatchObject({
      details: [
        `${CLEVELAND}: chaincode response 500, GET_STATE failed: transaction ID: <TX>: collection [_implicit_org_NopeMSP] not defined in the collection config for chaincode [${CHAINCODE}]`,
      ],
    });
    expect(await outcomeOf(() => contract.evaluateTransaction('getPrivateIn', 'nocoll', 'k'))).toMatchObject({
      details: [
        `${CLEVELAND}: chaincode response 500, GET_STATE failed: transaction ID: <TX>: collection ${CHANNEL}/${CHAINCODE}/nocoll could not be found`,
      ],
    });
  });
});

describe('the policy of a key', () => {
  test('decides alone who endorses it', async () => {
    await contract.submitTransaction('put', 'kp', '0');
    await contract.submitTransaction('setKeyPolicy', 'kp', JSON.stringify([VA]));
    expect(await readJson('getKeyPolicy', 'kp')).toEqual([VA]);
    const transaction = await contract.newProposal('put', { arguments: ['kp', '1'] }).endorse();
    expect(endorsersOf(transaction.getBytes())).toEqual([VA]);
    expect((await (await transaction.submit()).getStatus()).code).toBe(0);
    const others = await contract
      .newProposal('put', { arguments: ['kp', '2'], endorsingOrganizations: [CLEVELAND, HUNGARY, SWITZERLAND] })
      .endorse();
    expect((await (await others.submit()).getStatus()).code).toBe(10);
    expect(await read('get', 'kp')).toBe('1');
  });

  test('of an absent key is not kept', async () => {
    expect(await codeOf('setKeyPolicy', 'ghost', JSON.stringify([VA]))).toBe(0);
    expect(await readJson('getKeyPolicy', 'ghost')).toEqual([]);
  });
});

describe('system chaincodes', () => {
  const definitionOf = async (name: string) => {
    const args = new peer.lifecycle.QueryChaincodeDefinitionArgs();
    args.setName(name);
    const lifecycle = channel.getContract('_lifecycle');
    const result = await lifecycle.evaluate('QueryChaincodeDefinition', { arguments: [args.serializeBinary()] });
    return peer.lifecycle.QueryChaincodeDefinitionResult.deserializeBinary(result);
  };

  test('tell the definition of a chaincode', async () => {
    const definition = await definitionOf(CHAINCODE);
    expect([definition.getVersion(), definition.getSequence()]).toEqual([CHAINCODE_VERSION, 1]);
    expect(definition.getApprovalsMap().get(VA)).toBe(true);
    expect(await outcomeOf(() => definitionOf('nope'))).toMatchObject({
      message:
        '2 UNKNOWN: evaluate call to endorser returned error: chaincode response 404, namespace nope is not defined',
    });
    const lifecycle = channel.getContract('_lifecycle');
    expect(await outcomeOf(() => lifecycle.evaluateTransaction('InstallEverything', 'x'))).toMatchObject({
      message: expect.stringMatching(/failed ACL check: Unmapped policy for _lifecycle\/InstallEverything$/),
    });
  });

  test('tell about blocks and transactions', async () => {
    const query = async (...args: string[]) =>
      await channel.getContract('qscc').evaluateTransaction(args[0]!, CHANNEL, ...args.slice(1));
    const submitted = await contract.submitAsync('put', { arguments: ['q', '1'] });
    const { blockNumber, transactionId } = await submitted.getStatus();
    const info = common.BlockchainInfo.deserializeBinary(await query('GetChainInfo'));
    expect(BigInt(info.getHeight())).toBe(blockNumber + 1n);
    const processed = peer.ProcessedTransaction.deserializeBinary(await query('GetTransactionByID', transactionId));
    expect(processed.getValidationcode()).toBe(0);
    expect(processed.getTransactionenvelope()?.getSignature_asU8().length).toBeGreaterThan(0);
    const block = common.Block.deserializeBinary(await query('GetBlockByNumber', String(blockNumber)));
    expect(BigInt(block.getHeader()!.getNumber())).toBe(blockNumber);
    const same = common.Block.deserializeBinary(await query('GetBlockByTxID', transactionId));
    expect(same.serializeBinary()).toEqual(block.serializeBinary());
    expect(Buffer.from(block.getHeader()!.getPreviousHash_asU8())).toEqual(
      Buffer.from(info.getPreviousblockhash_asU8()),
    );
    expect(await outcomeOf(() => query('GetTransactionByID', 'nope'))).toMatchObject({
      details: [
        `${CLEVELAND}: chaincode response 500, Failed to get transaction with id nope, error no such transaction ID [nope] in index`,
      ],
    });
  });
});

describe('offline signing', () => {
  test('works for proposal, transaction and commit', async () => {
    const gateway = gateways.get(CLEVELAND)!;
    const unsigned = contract.newProposal('put', { arguments: ['offline', '1'] });
    const proposal = gateway.newProposal(unsigned.getBytes());
    const transaction = gateway.newTransaction((await proposal.endorse()).getBytes());
    const commit = gateway.newCommit((await transaction.submit()).getBytes());
    expect((await commit.getStatus()).code).toBe(0);
    expect(await read('get', 'offline')).toBe('1');
  });
});

async function firstBlock(): Promise<common.Block> {
  const blocks = await channel.getBlockEvents({ startBlock: 0n });
  for await (const block of blocks) {
    blocks.close();
    return block;
  }
  throw new Error('no block');
}
