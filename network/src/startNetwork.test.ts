import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { chaincodePackage } from './chaincodePackage.js';
import { networkStatus, statusTable } from './networkStatus.js';
import type { RunningNetwork } from './runningNetwork.js';
import { type StartOptions, startNetwork } from './startNetwork.js';
import { stopNetwork } from './stopNetwork.js';
import { isRunning } from './supervise/processIdentity.js';

// Small programs in place of the channel, the chaincode and the gateway: each writes down what it was given, and
// says that it is up as the real one does. What is tested is the launcher.
const READY_FILE = `
  const { readFileSync, writeFileSync } = require('node:fs');
  const config = JSON.parse(readFileSync(process.argv[3], 'utf8'));
  if (config.msp !== undefined && config.msp === process.env.BREAK_GATEWAY_OF) { console.error('told to break'); process.exit(3); }
  writeFileSync(config.readyFile, JSON.stringify({ pid: process.pid }));
  setInterval(() => undefined, 1000);`;
const LISTENS = `
  const address = process.argv[process.argv.indexOf('--chaincode-address') + 1];
  if (process.env.CORE_PEER_LOCALMSPID === undefined || process.env.CORE_FOREIGN !== undefined) process.exit(4);
  require('node:net').createServer().listen(Number(address.split(':')[1]), 'localhost');`;

// Each start issues certificates and boots five processes; a busy machine takes its time.
jest.setTimeout(60_000);

let folder: string;
let home: string;
let networks: RunningNetwork[];

function write(path: string, content: string): string {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), content);
  return join(folder, path);
}

function topology(...names: string[]): string {
  const hospitals = names.map((name) => ({ name, data: { file: 'rows.csv' } }));
  return write('topology.json', JSON.stringify({ hospitals }));
}

async function start(names: string[], options: Partial<StartOptions> = {}): Promise<RunningNetwork> {
  const environment = { PATH: process.env.PATH, CORE_FOREIGN: 'set', ...options.environment };
  const network = await startNetwork({
    topology: topology(...names),
    home,
    repository: folder,
    ...options,
    environment,
  });
  networks.push(network);
  return network;
}

const processesOf = (network: RunningNetwork) => network.status().map((part) => part.process!);
const json = (path: string) => JSON.parse(readFileSync(path, 'utf8'));

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'launcher-'));
  home = join(folder, 'home');
  networks = [];
  write('rows.csv', '1,2\n');
  write('network/embedded/dist/main.js', READY_FILE);
  write('gateway/dist/main.js', READY_FILE);
  write('chaincode/contract/package.json', '{}');
  write('chaincode/contract/dist/index.js', 'rules');
  write('chaincode/domain/dist/index.js', 'nouns');
  write('node_modules/fabric-shim/cli.js', LISTENS);
});

afterEach(async () => {
  await Promise.all(networks.map((network) => network.stop()));
  rmSync(folder, { recursive: true, force: true });
});

describe('startNetwork', () => {
  test('brings every part up, writes addresses, and stops without leaving a process or a record', async () => {
    const network = await start(['Cleveland', 'Hungary']);
    expect(network.status().map(({ owner, name, state }) => `${owner} ${name} ${state}`)).toEqual([
      'channel embedded ready',
      'ClevelandMSP chaincode ready',
      'HungaryMSP chaincode ready',
      'ClevelandMSP gateway ready',
      'HungaryMSP gateway ready',
    ]);
    const addresses = json(join(home, 'addresses.json'));
    expect(addresses).toMatchObject({ channel: 'embedded', setupSeconds: network.setupSeconds });
    expect(addresses.gateways.map(({ msp, name, apiUrl }: Record<string, string>) => ({ msp, name, apiUrl }))).toEqual(
      network.gateways.map(({ msp, name, apiUrl }) => ({ msp, name, apiUrl })),
    );
    const token = readFileSync(addresses.gateways[0].people.researcher.tokenFile, 'utf8');
    expect(readFileSync(join(home, 'hospitals', 'ClevelandMSP', 'gateway.json'), 'utf8')).not.toContain(token);
    expect(networkStatus(home).state).toBe('ready');
    expect(statusTable(networkStatus(home))).toMatch(/ClevelandMSP gateway +\d+ +ready +https:\/\/localhost:\d+/);

    const processes = processesOf(network);
    await network.stop();
    expect(processes.some(isRunning)).toBe(false);
    expect(existsSync(join(home, 'addresses.json'))).toBe(false);
    expect(() => networkStatus(home)).toThrow(/^NETWORK_NOT_RUNNING/);
    await expect(stopNetwork(home)).rejects.toThrow(/^NETWORK_NOT_RUNNING/);
  });

  test('a second start keeps identities, tokens and ports', async () => {
    const first = await start(['Cleveland', 'Hungary']);
    const certificate = readFileSync(join(home, 'hospitals/ClevelandMSP/people/agent/cert.pem'), 'utf8');
    const token = readFileSync(first.gateways[0]!.tokens.researcher!, 'utf8');
    await first.stop();
    const second = await start(['Cleveland', 'Hungary']);
    expect(second.gateways).toEqual(first.gateways);
    expect(readFileSync(join(home, 'hospitals/ClevelandMSP/people/agent/cert.pem'), 'utf8')).toBe(certificate);
    expect(readFileSync(second.gateways[0]!.tokens.researcher!, 'utf8')).toBe(token);
  });

  test('gives channel, chaincode and gateway the digest of the chaincode as it is built', async () => {
    await (await start(['Cleveland', 'Hungary'])).stop();
    const [before] = json(join(home, 'channel/embedded.json')).chaincodes;
    expect(before).toMatchObject({
      sequence: 1,
      endorsement: 'MAJORITY',
      version: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(before.packageId).toBe(chaincodePackage(folder).packageId);
    expect(json(join(home, 'hospitals/ClevelandMSP/gateway.json')).chaincodeDigest).toBe(before.version);
    write('chaincode/domain/dist/index.js', 'other nouns');
    await (await start(['Cleveland', 'Hungary'])).stop();
    const [after] = json(join(home, 'channel/embedded.json')).chaincodes;
    expect(after.version).not.toBe(before.version);
  });

  test('refuses a second launcher, another topology and a folder of somebody else, changing nothing', async () => {
    const network = await start(['Cleveland', 'Hungary']);
    await expect(start(['Cleveland', 'Hungary'])).rejects.toThrow(/^NETWORK_RUNNING: /);
    expect(processesOf(network).every(isRunning)).toBe(true);
    await network.stop();
    await expect(start(['Cleveland', 'Utrecht'])).rejects.toThrow(
      `HOME_OF_ANOTHER_TOPOLOGY: the folder ${home} holds a network of Cleveland, Hungary: stop it and start with --fresh`,
    );
    const changed = await start(['Cleveland', 'Utrecht'], { fresh: true });
    expect(changed.gateways.map(({ name }) => name)).toEqual(['Cleveland', 'Utrecht']);
    expect(existsSync(join(home, 'hospitals', 'HungaryMSP'))).toBe(false);

    const foreign = join(folder, 'foreign');
    write('foreign/hospitals/precious.txt', 'kept');
    for (const fresh of [false, true]) {
      await expect(start(['Cleveland', 'Hungary'], { home: foreign, fresh })).rejects.toThrow(/^HOME_FOREIGN: /);
    }
    expect(readFileSync(join(foreign, 'hospitals/precious.txt'), 'utf8')).toBe('kept');
  });

  test("without Fabric's commands it refuses that kind of channel before anything is deleted or written", async () => {
    await (await start(['Cleveland', 'Hungary'])).stop();
    const claim = readFileSync(join(home, 'claim.json'), 'utf8');
    const options = { channel: 'fabric', environment: { PATH: folder } } as const;
    await expect(start(['Cleveland', 'Hungary'], { ...options, fresh: true })).rejects.toThrow(
      /^FABRIC_COMMANDS_MISSING: .*github\.com\/hyperledger\/fabric\/releases/,
    );
    expect(readFileSync(join(home, 'claim.json'), 'utf8')).toBe(claim);
    expect(existsSync(join(home, 'launcher.lock'))).toBe(false);
  });

  test('brings up channel and chaincode alone', async () => {
    rmSync(join(folder, 'gateway'), { recursive: true });
    const network = await start(['Cleveland', 'Hungary'], { channelOnly: true });
    expect(network.status().map(({ name }) => name)).toEqual(['embedded', 'chaincode', 'chaincode']);
    expect(json(join(home, 'addresses.json')).gateways).toEqual([]);
    expect(json(join(home, 'hospitals/HungaryMSP/connection.json'))).toMatchObject({ msp: 'HungaryMSP' });
  });

  test('a part that cannot start fails the whole start, and nothing is left running', async () => {
    const failing = start(['Cleveland', 'Hungary'], {
      environment: { PATH: process.env.PATH, BREAK_GATEWAY_OF: 'HungaryMSP' },
    });
    await expect(failing).rejects.toThrow(/^PART_ENDED: HungaryMSP-gateway ended .*exit code 3[\s\S]*told to break/);
    expect(() => networkStatus(home)).toThrow(/^NETWORK_NOT_RUNNING/);
    expect(existsSync(join(home, 'launcher.lock'))).toBe(false);
  });

  test('refuses a port that the topology asks for and somebody has', async () => {
    const server = createServer().listen(0, 'localhost');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    const file = write(
      'ports.json',
      JSON.stringify({
        hospitals: [
          { name: 'Cleveland', data: { file: 'rows.csv' }, ports: { api: port } },
          { name: 'Hungary', data: { file: 'rows.csv' } },
        ],
      }),
    );
    await expect(start([], { topology: file })).rejects.toThrow(
      `PORT_TAKEN: port ${port} for api of ClevelandMSP is taken`,
    );
    server.close();
  });

  test('an interrupted start stops what it had started', async () => {
    const interruption = new AbortController();
    write('gateway/dist/main.js', 'setInterval(() => undefined, 1000);');
    const starting = start(['Cleveland', 'Hungary'], { signal: interruption.signal });
    const deadline = Date.now() + 30_000;
    const hasGateway = () => existsSync(join(home, 'logs', 'ClevelandMSP-gateway.log'));
    while (!hasGateway() && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
    interruption.abort(new Error('interrupted'));
    await expect(starting).rejects.toThrow('interrupted');
    expect(() => networkStatus(home)).toThrow(/^NETWORK_NOT_RUNNING/);
  });
});

describe('RunningNetwork', () => {
  test('stops, kills and starts one part of one hospital', async () => {
    const network = await start(['Cleveland', 'Hungary']);
    const state = () => network.status().find(({ owner, name }) => owner === 'HungaryMSP' && name === 'gateway')!;
    await network.stopPart('HungaryMSP', 'gateway');
    expect(state().state).toBe('stopped');
    await network.startPart('HungaryMSP', 'gateway');
    const before = state().process!;
    await network.kill('HungaryMSP', 'gateway');
    expect(isRunning(before)).toBe(false);
    await network.untilReady('HungaryMSP', 'gateway', AbortSignal.timeout(60_000));
    expect(state()).toMatchObject({ state: 'ready', restarts: 1 });
    await network.kill('HungaryMSP', 'gateway', { stayDown: true });
    expect(state().state).toBe('stopped');
    await network.restart('HungaryMSP', 'gateway');
    expect(state().state).toBe('ready');
    await expect(network.kill('UtrechtMSP', 'gateway')).rejects.toThrow(/^PART_UNKNOWN: .*HungaryMSP gateway/);
  });
});
