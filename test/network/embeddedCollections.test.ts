/** Explicit private collections on the embedded channel: who holds them, who may read and write, how long they live. */

import type { Contract, Gateway } from '@hyperledger/fabric-gateway';
import { ledger as ledgerMessages } from '@hyperledger/fabric-protos';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { CHAINCODE, CHANNEL, EmbeddedNetwork } from './support/embeddedNetwork.js';
import { endorsersOf } from './support/messages.js';
import { outcomeOf } from './support/outcome.js';

jest.setTimeout(240_000);

const MSPS = ['AMSP', 'BMSP', 'CMSP'] as const;
const shared = { policy: "OR('AMSP.member', 'BMSP.member')", requiredPeerCount: 1, maxPeerCount: 1 };
const COLLECTIONS = [
  { name: 'shared', ...shared },
  { name: 'short', ...shared, blockToLive: 2 },
  { name: 'closed', ...shared, memberOnlyRead: true, memberOnlyWrite: true },
  { name: 'lonely', policy: "OR('AMSP.member')", requiredPeerCount: 1, maxPeerCount: 1 },
  { name: 'strict', ...shared, endorsementPolicy: { signaturePolicy: "OR('BMSP.peer')" } },
];

let network: EmbeddedNetwork;
const gateways = new Map<string, Gateway>();
const contract = (msp: string): Contract => gateways.get(msp)!.getNetwork(CHANNEL).getContract(CHAINCODE);
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();
const withCollections = (config: Record<string, unknown>) => {
  const [chaincode] = config.chaincodes as Record<string, unknown>[];
  chaincode!.collections = COLLECTIONS;
};

beforeAll(async () => {
  network = await EmbeddedNetwork.create(MSPS);
  for (const msp of MSPS) network.startChaincode(msp);
  await network.startChannel(withCollections);
  for (const msp of MSPS) {
    await network.waitForChaincode(msp);
    gateways.set(msp, network.gateway(msp, await network.hospital(msp).person('alice')));
  }
});

afterAll(async () => {
  await network.close();
});

async function write(msp: string, collection: string, key: string, value: string): Promise<bigint> {
  const options = {
    arguments: [collection, key],
    transientData: { value },
    endorsingOrganizations: ['AMSP', 'BMSP'],
  };
  const submitted = await contract(msp).submitAsync('putPrivateIn', options);
  const { code, blockNumber } = await submitted.getStatus();
  expect(code).toBe(0);
  return blockNumber;
}

const readAt = (msp: string, collection: string, key: string) =>
  contract(msp).evaluate('getPrivateIn', { arguments: [collection, key], endorsingOrganizations: [msp] });
const failureAt = async (msp: string, collection: string, key: string) => {
  const { message } = await outcomeOf(() => readAt(msp, collection, key));
  return message;
};

describe('a collection', () => {
  test('is held by its members, by hash by everybody', async () => {
    await write('AMSP', 'shared', 'k', 'between us');
    expect(text(await readAt('AMSP', 'shared', 'k'))).toBe('between us');
    expect(text(await readAt('BMSP', 'shared', 'k'))).toBe('between us');
    expect(await failureAt('CMSP', 'shared', 'k')).toMatch(
      /private data matching public hash version is not available\. Public hash version = \{BlockNum: N, TxNum: 0\}, Private data version = <nil>/,
    );
    const hash = await contract('CMSP').evaluateTransaction('hashIn', 'shared', 'k');
    expect(text(hash)).toMatch(/^[0-9a-f]{64}$/);
  });

  test('gets to members that did not endorse', async () => {
    const options = {
      arguments: ['strict', 's'],
      transientData: { value: 'from B' },
      endorsingOrganizations: ['BMSP'],
    };
    await contract('BMSP').submit('putPrivateIn', options);
    expect(text(await readAt('AMSP', 'strict', 's'))).toBe('from B');
  });

  test('has its own endorsement policy where it names one, else the chaincode', async () => {
    const proposal = contract('BMSP').newProposal('putPrivateIn', {
      arguments: ['strict', 't'],
      transientData: { value: 'x' },
    });
    expect(endorsersOf((await proposal.endorse()).getBytes())).toEqual(['BMSP']);
    const byA = {
      arguments: ['strict', 'u'],
      transientData: { value: 'x' },
      endorsingOrganizations: ['AMSP'],
    };
    const submitted = await contract('AMSP').submitAsync('putPrivateIn', byA);
    expect((await submitted.getStatus()).code).toBe(10);
  });

  test('that needs more peers than there are is not endorsed', async () => {
    const call = () =>
      contract('AMSP').submit('putPrivateIn', { arguments: ['lonely', 'k'], transientData: { value: 'x' } });
    const { details } = await outcomeOf(call);
    expect(details).toEqual([
      'AMSP: error in simulation: failed to distribute private collection, txID <TX>, channel testchannel: could not build private data dissemination plan for chaincode demo and collection lonely: required to disseminate to at least 1 peers, but know of only 0 eligible peers',
    ]);
  });

  test('for members only is closed to clients of others', async () => {
    await write('AMSP', 'closed', 'k', 'v');
    const asked = await outcomeOf(() =>
      contract('CMSP').evaluate('getPrivateIn', { arguments: ['closed', 'k'], endorsingOrganizations: ['AMSP'] }),
    );
    expect(asked.message).toMatch(
      /GET_STATE failed: transaction ID: <TX>: tx creator does not have read access permission on privatedata in chaincodeName:demo collectionName: closed$/,
    );
    const written = await outcomeOf(() =>
      contract('CMSP').submit('putPrivateIn', {
        arguments: ['closed', 'k'],
        transientData: { value: 'w' },
        endorsingOrganizations: ['AMSP', 'BMSP'],
      }),
    );
    expect(written.details?.[0]).toMatch(/tx creator does not have write access permission on privatedata/);
  });

  test('that nobody defined is not found', async () => {
    expect(await failureAt('AMSP', 'nothing', 'k')).toMatch(/collection testchannel\/demo\/nothing could not be found/);
  });

  test('forgets what has lived its blocks, hash and value, at every peer', async () => {
    const block = Number(await write('AMSP', 'short', 'k', 'soon gone'));
    const next = async () =>
      Number((await (await contract('AMSP').submitAsync('put', { arguments: ['n', '1'] })).getStatus()).blockNumber);
    while ((await next()) < block + 2);
    expect(text(await readAt('BMSP', 'short', 'k'))).toBe('soon gone');
    await next();
    for (const msp of ['AMSP', 'BMSP']) expect(text(await readAt(msp, 'short', 'k'))).toBe('');
    expect(text(await contract('CMSP').evaluateTransaction('hashIn', 'short', 'k'))).toBe('');
  });
});

describe('block events with private data', () => {
  test('carry what the peer holds and the reader may have', async () => {
    const startBlock = await write('AMSP', 'shared', 'event', 'told');
    for (const [msp, expected] of [
      ['AMSP', ['shared']],
      ['CMSP', []],
    ] as const) {
      const events = await gateways.get(msp)!.getNetwork(CHANNEL).getBlockAndPrivateDataEvents({ startBlock });
      for await (const each of events) {
        expect(BigInt(each.getBlock()!.getHeader()!.getNumber())).toBe(startBlock);
        const sets = [...each.getPrivateDataMapMap().entries()].flatMap(([, set]) => namesAndValues(set));
        expect(sets.map(({ collection }) => collection)).toEqual(expected);
        if (msp === 'AMSP') expect(sets[0]!.values).toEqual(['told']);
        break;
      }
      events.close();
    }
  });
});

describe('a definition with other collections', () => {
  test('is refused where it would drop one', async () => {
    await network.stopChannel();
    const start = network.startChannel((config) => {
      withCollections(config);
      const [chaincode] = config.chaincodes as { collections: unknown[] }[];
      chaincode!.collections = COLLECTIONS.slice(1);
    });
    await expect(start).rejects.toThrow(
      /existing collection \[shared\] missing in the proposed collection configuration/,
    );
    await network.startChannel(withCollections);
  });
});

function namesAndValues(set: ledgerMessages.rwset.TxPvtReadWriteSet) {
  return set.getNsPvtRwsetList().flatMap((space) =>
    space.getCollectionPvtRwsetList().map((each) => ({
      collection: each.getCollectionName(),
      values: ledgerMessages.rwset.kvrwset.KVRWSet.deserializeBinary(each.getRwset_asU8())
        .getWritesList()
        .map((one) => Buffer.from(one.getValue_asU8()).toString()),
    })),
  );
}
