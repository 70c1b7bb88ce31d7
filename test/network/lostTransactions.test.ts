/** What the ledger client makes of orderers that take a transaction and die before it is in a block. */
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Msp } from '@consilium/domain';
import { ChannelFaults } from '@consilium/network/channelFaults';
import { openDatabase } from '@consilium/sqlite';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { readIdentity } from '../../gateway/src/ledger/ledgerIdentity.js';
import { CHAINCODE, CHANNEL, EmbeddedNetwork, freePort } from './support/embeddedNetwork.js';
import { LedgerClient } from './support/ledgerClient.js';

jest.setTimeout(180_000);

const [CLEVELAND, HUNGARY, VA] = ['ClevelandMSP', 'HungaryMSP', 'VaMSP'] as [Msp, Msp, Msp];
/** What the orderer may wait at most before it cuts a block. */
const BATCH_MS = 10_000;
const DELAY_MS = 60_000;
const RESUBMIT_MS = 1_000;

let network: EmbeddedNetwork;

beforeEach(async () => {
  network = await EmbeddedNetwork.create([CLEVELAND, HUNGARY, VA]);
});

afterEach(async () => {
  await network.close();
});

/** The gateway's own client, as a person of Cleveland. */
async function client(): Promise<LedgerClient> {
  const { certificate, key } = await network.hospital(CLEVELAND).person('alice');
  const files = { certFile: join(network.root, 'alice.pem'), keyFile: join(network.root, 'alice.key') };
  writeFileSync(files.certFile, certificate);
  writeFileSync(files.keyFile, key);
  const tlsRootCertFile = network.hospital(CLEVELAND).folder.tlsAuthority.certificate;
  const names = { channel: CHANNEL, chaincode: CHAINCODE, msp: CLEVELAND };
  const peer = { endpoint: network.endpoint(CLEVELAND), tlsRootCertFile, serverName: 'localhost' };
  return new LedgerClient({ ...names, peer }, readIdentity(CLEVELAND, files), { resubmitMs: RESUBMIT_MS });
}

/** Blocks in which the stored chain has a transaction: read from a copy, the channel wants the file for itself. */
function blocksWith(transactionId: string): unknown[] {
  const copy = join(network.root, 'copy');
  cpSync(join(network.root, 'ledger'), copy, { recursive: true });
  const database = openDatabase(join(copy, 'chain.db'));
  try {
    return database.prepare('SELECT block FROM transactions WHERE id = ?').all(transactionId);
  } finally {
    database.close();
  }
}

test('acknowledged and in no block when the channel is killed, it is committed once the channel is back', async () => {
  const socket = join(network.root, 'control.sock');
  for (const { msp } of network.hospitals) network.startChaincode(msp);
  const endpoints = new Map<string, string>();
  for (const { msp } of network.hospitals) endpoints.set(msp, `localhost:${await freePort()}`);
  const atEndpoints = ({ hospitals }: Record<string, unknown>) => {
    for (const { msp, peer } of hospitals as { msp: string; peer: { listen: string } }[])
      peer.listen = endpoints.get(msp) as string;
  };
  await network.startChannel((config) => {
    atEndpoints(config);
    Object.assign(config, { batch: { timeoutMs: BATCH_MS, messagesMax: 50 }, control: { socket } });
  });
  for (const { msp } of network.hospitals) await network.waitForChaincode(msp);
  const cleveland = await client();
  const contract = cleveland.gateway.getNetwork(CHANNEL).getContract(CHAINCODE);
  // The counting chaincode has none of the product's transactions.
  const send = (counter: string) => cleveland.channel.send('incr' as never, counter as never);
  const read = async (counter: string) =>
    Number(Buffer.from(await contract.evaluateTransaction('get', JSON.stringify(counter))).toString());
  try {
    // While a peer has not committed the block before, the orderer waits for more transactions.
    await new ChannelFaults(socket).delayCommits(VA, DELAY_MS);
    await (await send('before')).committed();
    const { transactionId, committed } = await send('lost');
    await network.stopChannel('SIGKILL');
    expect(blocksWith(transactionId)).toEqual([]);

    await network.startChannel(atEndpoints);
    expect(await committed()).toMatchObject({ transactionId, result: 1 });
    expect([await read('before'), await read('lost')]).toEqual([1, 1]);
  } finally {
    cleveland.close();
  }
});
