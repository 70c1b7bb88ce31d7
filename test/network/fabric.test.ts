/**
 * Real Fabric, brought up by the launcher: its own orderers and peers, driven through its own client library. Where
 * Fabric's commands are not on this machine, nothing of this file is tested, and it says so.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Digest, Msp } from '@consilium/domain';
import { chaincodePackage } from '@consilium/network/chaincodePackage';
import { checkFabricCommands } from '@consilium/network/channel/fabric/fabricCommands';
import { Lifecycle } from '@consilium/network/channel/fabric/lifecycle';
import { OrdererAdmin } from '@consilium/network/channel/fabric/ordererAdmin';
import { ChannelReader } from '@consilium/network/channelTool/channelReader';
import { revokeCertificate } from '@consilium/network/channelTool/revokeCertificate';
import { readConnection } from '@consilium/network/connectionFile';
import { Home } from '@consilium/network/home';
import { PeerAccess } from '@consilium/network/peerAccess';
import type { RunningNetwork } from '@consilium/network/runningNetwork';
import { startNetwork } from '@consilium/network/startNetwork';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { readIdentity } from '../../gateway/src/ledger/ledgerIdentity.js';
import type { PeerAddress } from '../../gateway/src/ledger/peerConnection.js';
import { CheckoutCopy } from './support/checkoutCopy.js';
import { runs } from './support/launcherProcess.js';
import { LedgerClient } from './support/ledgerClient.js';

jest.setTimeout(180_000);

const HOSPITALS = ['Cleveland', 'Hungary', 'Switzerland', 'Utrecht'];
const [CLEVELAND, HUNGARY, , UTRECHT] = HOSPITALS.map((name) => `${name}MSP`) as [string, string, string, string];

/** Bounds that leave room for a busy machine; what is reached on an idle one is printed. */
const START_MS_MAX = 60_000;
const LEADER_LOSS_MS_MAX = 25_000;
/** An orderer that waits for its leader forwards a request after this time, and complains later: no follower costs that. */
const LEADER_LOSS_MS_MIN = 1_000;
const CATCH_UP_MS_MAX = 60_000;

const missing = await checkFabricCommands(process.env).then(
  () => undefined,
  (error: Error) => error.message,
);
if (missing !== undefined) console.warn(`SKIPPED, real Fabric is not tested: ${missing}`);
const describeFabric = missing === undefined ? describe : describe.skip;

let folder: string;
let checkout: CheckoutCopy;
let network: RunningNetwork | undefined;
let accesses: PeerAccess[] = [];
let said: string[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fabric-'));
  writeFileSync(join(folder, 'rows.csv'), 'age,label\n61,1\n44,0\n');
  checkout = new CheckoutCopy();
});

afterEach(() => closeAll());

afterAll(async () => {
  await network?.stop();
  rmSync(folder, { recursive: true, force: true });
  checkout.remove();
});

function closeAll(): void {
  for (const access of accesses) access.close();
  accesses = [];
}

async function start(hospitals: readonly string[], home: string): Promise<RunningNetwork> {
  const topology = join(folder, 'topology.json');
  const data = { file: 'rows.csv' };
  writeFileSync(topology, JSON.stringify({ hospitals: hospitals.map((name) => ({ name, data })) }));
  said = [];
  network = await startNetwork({
    topology,
    home: join(folder, home),
    channel: 'fabric',
    channelOnly: true,
    repository: checkout.root,
    environment: process.env,
    onProgress: (text) => said.push(text),
  });
  console.log(`${hospitals.length} hospitals on Fabric: up after ${network.setupSeconds.toFixed(1)} s`);
  return network;
}

function pids(running: RunningNetwork): number[] {
  return running.status().flatMap(({ process }) => process?.pid ?? []);
}

function access(msp: string, person: string): PeerAccess {
  const hospital = new Home(network!.home).hospital(msp);
  const opened = new PeerAccess(readConnection(hospital.connectionFile), hospital.person(person));
  accesses.push(opened);
  return opened;
}

/** Registers a hospital; `port` makes each call another transaction. Resolves to the milliseconds until it is committed. */
async function register(msp: string, port: number): Promise<number> {
  const command = {
    name: msp.replace('MSP', ''),
    exchangeUrl: `https://localhost:${port}`,
    chaincodeDigest: chaincodePackage(checkout.root).digest,
  };
  const started = performance.now();
  const contract = access(msp, 'admin').network.getContract('consilium');
  await contract.submit('HospitalContract:registerHospital', { arguments: [JSON.stringify(command)] });
  return performance.now() - started;
}

/** Registers a hospital whose peer may still be looking for the others. */
async function untilRegistered(msp: string, port: number): Promise<void> {
  const deadline = Date.now() + CATCH_UP_MS_MAX;
  for (;;) {
    try {
      await register(msp, port);
      return;
    } catch (error) {
      if ((error as Error).name !== 'EndorseError' || Date.now() > deadline) throw error;
      await pause(200);
    }
  }
}

async function registered(msp: string, through: string): Promise<unknown> {
  const { value } = await new ChannelReader(access(through, 'auditor')).state('consilium', `hospital~${msp}`);
  return value !== undefined && 'json' in value ? value.json : undefined;
}

function ordererAdmin(msp: string): OrdererAdmin {
  const home = new Home(network!.home);
  return new OrdererAdmin(home.hospital(msp), home.readClaim()!.ports[msp]!.ordererAdmin!);
}

/** Waits until an orderer has every block that another one has. */
async function untilLevel(msp: string, with_: string): Promise<void> {
  const height = (await ordererAdmin(with_).participation())!.height;
  const deadline = Date.now() + CATCH_UP_MS_MAX;
  for (;;) {
    const own = await ordererAdmin(msp)
      .participation()
      .catch(() => undefined);
    if (own !== undefined && own.height >= height) return;
    if (Date.now() > deadline) throw new Error(`the orderer of ${msp} has ${own?.height ?? 'no'} of ${height} blocks`);
    await pause(200);
  }
}

// One network through its life: the tests build on each other, in this order.
describeFabric('a channel of real Fabric', () => {
  test('comes up with an orderer and a peer a hospital, and commits what its own client library submits', async () => {
    const running = await start(HOSPITALS, 'four');
    expect(running.setupSeconds * 1000).toBeLessThan(START_MS_MAX);
    expect(
      running
        .status()
        .map(({ owner, name, state }) => `${owner} ${name} ${state}`)
        .sort(),
    ).toEqual(
      HOSPITALS.flatMap((name) => ['chaincode', 'orderer', 'peer'].map((part) => `${name}MSP ${part} ready`)).sort(),
    );
    await register(CLEVELAND, 20_001);
    expect(await registered(CLEVELAND, UTRECHT)).toMatchObject({ exchangeUrl: 'https://localhost:20001' });
  });

  test('holds the chaincode under its digest, agreed to by every hospital', async () => {
    const { digest, packageId } = chaincodePackage(checkout.root);
    for (const name of HOSPITALS) {
      const lifecycle = new Lifecycle(access(`${name}MSP`, 'admin'));
      const definition = await lifecycle.committed('consilium');
      expect(definition).toEqual({ name: 'consilium', version: digest, sequence: 1 });
      expect(await lifecycle.hasApproved(definition!, packageId)).toBe(true);
    }
  });

  test('shows its blocks, each with the hash of the one before it', async () => {
    const reader = new ChannelReader(access(HUNGARY, 'auditor'));
    const blocks = [];
    for await (const block of reader.blocks(0)) blocks.push(block);
    expect(blocks).toHaveLength(await reader.height());
    for (const [index, block] of blocks.entries()) {
      expect(block.number).toBe(index);
      expect(block.previousHash).toBe(index === 0 ? '' : blocks[index - 1]!.hash);
    }
    const last = blocks.at(-1)!.transactions[0]!;
    expect(last).toMatchObject({
      code: 'VALID',
      name: 'HospitalContract:registerHospital',
      creator: { msp: CLEVELAND },
      event: { name: 'consilium.writes' },
    });
    expect(last.endorsers!.length).toBeGreaterThanOrEqual(3);
    const { block, transaction } = await reader.transaction(last.id);
    expect([block, transaction]).toEqual([blocks.length - 1, last]);
    await expect(reader.block(999)).rejects.toThrow(/^LEDGER_RECORD_UNKNOWN: the channel has no block 999/);
    await expect(reader.transaction('ab'.repeat(32))).rejects.toThrow(/^LEDGER_RECORD_UNKNOWN/);
  });

  test('takes a certificate back, and refuses whoever holds it from the next block on', async () => {
    const home = new Home(network!.home);
    const contract = access(HUNGARY, 'researcher').network.getContract('consilium');
    const query = 'org.hyperledger.fabric:GetMetadata';
    const endorsed = await contract.newProposal(query).endorse();
    const { certificate } = home.hospital(HUNGARY).person('researcher');
    expect(await revokeCertificate(home, certificate, new Date())).toMatchObject({ msp: HUNGARY, revoked: 1 });
    await expect(contract.evaluateTransaction(query)).rejects.toMatchObject({
      details: [{ message: 'error validating proposal: access denied: channel [consilium] creator org [HungaryMSP]' }],
    });
    await expect(endorsed.submit()).rejects.toThrow();
    await register(HUNGARY, 20_002);
  });

  test('keeps keys from everyone else, and lets nobody without a certificate of the hospital administer its orderer', async () => {
    const home = new Home(network!.home);
    const files = readdirSync(home.root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const withKey = files
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => readFileSync(path).includes('PRIVATE KEY'));
    expect(withKey.some((path) => path.endsWith('connection.json'))).toBe(true);
    for (const path of withKey) expect([path, statSync(path).mode & 0o777]).toEqual([path, 0o600]);

    const port = home.readClaim()!.ports[CLEVELAND]!.ordererAdmin!;
    const as = (msp: string | undefined) => {
      const { certificate, key } = home.hospital(msp ?? CLEVELAND).tlsIdentity('orderer');
      const client = msp === undefined ? {} : { cert: readFileSync(certificate), key: readFileSync(key) };
      const ca = readFileSync(home.hospital(CLEVELAND).tlsAuthority.certificate);
      const target = { host: '127.0.0.1', port, servername: 'localhost', path: '/participation/v1/channels' };
      return new Promise<number>((resolve, reject) => {
        request({ ...target, ca, ...client, agent: false }, (response) => {
          response.resume();
          resolve(response.statusCode!);
        })
          .once('error', reject)
          .end();
      });
    };
    expect(await as(CLEVELAND)).toBe(200);
    await expect(as(undefined)).rejects.toThrow(/certificate required/);
    await expect(as(HUNGARY)).rejects.toThrow();
  });

  test('answers submits one after another', async () => {
    const contract = access(CLEVELAND, 'admin').network.getContract('consilium');
    const chaincodeDigest = chaincodePackage(checkout.root).digest;
    const times: number[] = [];
    for (let index = 0; index < 20; index += 1) {
      const command = { name: 'Cleveland', exchangeUrl: `https://localhost:${21_000 + index}`, chaincodeDigest };
      const started = performance.now();
      await contract.submit('HospitalContract:registerHospital', { arguments: [JSON.stringify(command)] });
      times.push(performance.now() - started);
    }
    const median = times.sort((a, b) => a - b)[times.length >> 1]!;
    console.log(`sequential submit: median ${median.toFixed(0)} ms`);
    expect(median).toBeLessThan(2_000);
  });

  test('goes on after a restart, with its blocks, ports and identities', async () => {
    const before = pids(network!);
    const ports = new Home(network!.home).readClaim()!.ports;
    const height = await access(HUNGARY, 'auditor').height();
    closeAll();
    await network!.stop();
    expect(before.filter(runs)).toEqual([]);
    await start(HOSPITALS, 'four');
    expect(new Home(network!.home).readClaim()!.ports).toEqual(ports);
    expect(await access(HUNGARY, 'auditor').height()).toBe(height);
    expect(await registered(CLEVELAND, HUNGARY)).toMatchObject({ exchangeUrl: 'https://localhost:21019' });
    await register(HUNGARY, 20_002);
  });

  test('loses an orderer, the leader too, and goes on', async () => {
    const delays: number[] = [];
    for (const [index, name] of HOSPITALS.entries()) {
      const lost = `${name}MSP`;
      const other = `${HOSPITALS[(index + 1) % HOSPITALS.length]}MSP`;
      await network!.kill(lost, 'orderer', { stayDown: true });
      const took = await register(other, 22_000 + index);
      delays.push(took);
      console.log(`without the orderer of ${lost}: committed after ${took.toFixed(0)} ms`);
      expect(took).toBeLessThan(LEADER_LOSS_MS_MAX);
      await network!.startPart(lost, 'orderer');
      await untilLevel(lost, other);
      if (took > LEADER_LOSS_MS_MIN) break;
    }
    expect(Math.max(...delays)).toBeGreaterThan(LEADER_LOSS_MS_MIN);
  });

  test('loses all orderers at once, and with them what they had taken: the ledger client has it committed', async () => {
    const home = new Home(network!.home);
    const msps = HOSPITALS.map((name) => `${name}MSP` as Msp);
    const clients = msps.map((msp) => {
      const hospital = home.hospital(msp);
      const { certificate, key } = hospital.person('admin');
      const identity = readIdentity(msp, { certFile: certificate, keyFile: key });
      return new LedgerClient(readConnection(hospital.connectionFile) as PeerAddress, identity);
    });
    const chaincodeDigest = chaincodePackage(checkout.root).digest as Digest;
    try {
      const sent = await Promise.all(
        clients.map(({ channel }, index) => {
          const exchangeUrl = `https://localhost:${22_500 + index}`;
          const command = { name: HOSPITALS[index] as string, exchangeUrl, chaincodeDigest };
          return channel.send('HospitalContract:registerHospital', command);
        }),
      );
      await Promise.all(msps.map((msp) => network!.kill(msp, 'orderer', { stayDown: true })));
      await Promise.all(msps.map((msp) => network!.startPart(msp, 'orderer')));
      await Promise.all(sent.map(({ committed }) => committed()));
    } finally {
      for (const client of clients) client.close();
    }
    for (const [index, msp] of msps.entries())
      expect(await registered(msp, CLEVELAND)).toMatchObject({ exchangeUrl: `https://localhost:${22_500 + index}` });
  });

  test("loses one hospital's peer, and the others go on; back again, it has what it missed", async () => {
    await network!.kill(UTRECHT, 'peer', { stayDown: true });
    for (const [index, msp] of [CLEVELAND, HUNGARY].entries()) await register(msp, 23_000 + index);
    await network!.startPart(UTRECHT, 'peer');
    const height = await access(CLEVELAND, 'auditor').height();
    const deadline = Date.now() + CATCH_UP_MS_MAX;
    const back = access(UTRECHT, 'auditor');
    while ((await back.height().catch(() => 0)) < height) {
      if (Date.now() > deadline) throw new Error('the peer that came back did not catch up');
      await pause(200);
    }
    expect(await registered(HUNGARY, UTRECHT)).toMatchObject({ exchangeUrl: 'https://localhost:23001' });
    // It finds the other peers again by gossip; until then it has nobody to endorse with, and says so.
    await untilRegistered(UTRECHT, 23_002);
  });

  test('runs another chaincode from the next start on, under the next sequence', async () => {
    const before = chaincodePackage(checkout.root);
    closeAll();
    await network!.stop();
    checkout.changeChaincode();
    const { digest } = chaincodePackage(checkout.root);
    expect(digest).not.toBe(before.digest);
    await start(HOSPITALS, 'four');
    for (const name of HOSPITALS) {
      const definition = await new Lifecycle(access(`${name}MSP`, 'admin')).committed('consilium');
      expect(definition).toEqual({ name: 'consilium', version: digest, sequence: 2 });
    }
    expect(said).toContainEqual(expect.stringMatching(/another one.*sequence 2/));
    await register(CLEVELAND, 24_000);
    expect(await registered(CLEVELAND, UTRECHT)).toMatchObject({ chaincodeDigest: digest });
  });

  test('leaves no process behind', async () => {
    const before = pids(network!);
    closeAll();
    await network!.stop();
    expect(before).toHaveLength(12);
    expect(before.filter(runs)).toEqual([]);
  });
});

describeFabric('a channel of two hospitals on real Fabric', () => {
  test('commits while both are up', async () => {
    await start(HOSPITALS.slice(0, 2), 'two');
    await register(HUNGARY, 20_002);
    expect(await registered(HUNGARY, CLEVELAND)).toMatchObject({ name: 'Hungary' });
    closeAll();
    await network!.stop();
  });
});
