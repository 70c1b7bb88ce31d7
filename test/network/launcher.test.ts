import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { GatewayClient } from '@consilium/client';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { LauncherProcess, runs } from './support/launcherProcess.js';

jest.setTimeout(240_000);

const HOSPITALS = ['Cleveland', 'Hungary'];
const PARTS = [
  'ClevelandMSP chaincode',
  'ClevelandMSP gateway',
  'HungaryMSP chaincode',
  'HungaryMSP gateway',
  'channel embedded',
];

let launcher: LauncherProcess;

beforeAll(() => {
  launcher = new LauncherProcess(HOSPITALS);
});

afterAll(async () => launcher.dispose());

/** Speaks to a hospital's gateway as one of its people, over TLS under the hospital's own CA. */
async function asPerson<T>(msp: string, role: string, use: (client: GatewayClient) => Promise<T>): Promise<T> {
  const gateway = launcher.addresses().gateways.find((each) => each.msp === msp)!;
  const token = readFileSync(gateway.people[role]!.tokenFile, 'utf8');
  const client = new GatewayClient({ url: gateway.apiUrl, token, caFile: gateway.caFile });
  try {
    return await use(client);
  } finally {
    client.close();
  }
}

async function untilRestarted(owner: string, name: string): Promise<void> {
  const deadline = Date.now() + 60_000;
  const part = async () => (await launcher.parts()).find((each) => each.owner === owner && each.name === name);
  for (let found = await part(); found?.state !== 'ready' || found.restarts === 0; found = await part()) {
    if (Date.now() > deadline) throw new Error(`${owner} ${name} did not come back`);
    await pause(100);
  }
}

// One network through its whole life: the tests of this file build on each other, in this order.
describe('the launcher', () => {
  let ports: string[];

  test('brings a network up whose gateways answer, and shows every process', async () => {
    const addresses = await launcher.start();
    ports = addresses.gateways.map(({ apiUrl }) => apiUrl);
    expect(addresses.channel).toBe('embedded');
    expect(addresses.setupSeconds).toBeGreaterThan(0);
    const parts = await launcher.parts();
    expect(parts.map(({ owner, name }) => `${owner} ${name}`).sort()).toEqual(PARTS);
    expect(parts.every(({ state }) => state === 'ready')).toBe(true);
    for (const { msp } of addresses.gateways) {
      await asPerson(msp, 'admin', (client) => client.registerHospital({}, { wait: true }));
    }
    const hospitals = await asPerson('HungaryMSP', 'auditor', (client) => client.hospitals());
    expect(hospitals.items.map(({ msp }) => msp).sort()).toEqual(['ClevelandMSP', 'HungaryMSP']);
    expect((await launcher.run('logs', 'cleveland', 'gateway', '-n', '5')).out).not.toBe('');
    expect((await launcher.run('status')).out).toMatch(/HungaryMSP gateway +\d+ +ready +https:/);
  });

  test('starts a killed gateway and a killed chaincode again, and the hospital goes on', async () => {
    const before = await launcher.parts();
    for (const name of ['gateway', 'chaincode']) {
      const part = before.find((each) => each.owner === 'HungaryMSP' && each.name === name);
      process.kill(part!.process!.pid, 'SIGKILL');
      await untilRestarted('HungaryMSP', name);
    }
    const hospitals = await asPerson('HungaryMSP', 'auditor', (client) => client.hospitals());
    expect(hospitals.items).toHaveLength(2);
    expect((await launcher.parts()).filter(({ restarts }) => restarts === 1)).toHaveLength(2);
  });

  test('refuses a second launcher, and a folder of another topology', async () => {
    const second = await launcher.run('start', '--topology', launcher.topology);
    expect(second).toMatchObject({ code: 1, error: expect.stringMatching(/^NETWORK_RUNNING: /) });
    const pids = await launcher.pids();
    expect(pids.every(runs)).toBe(true);
  });

  test('after its own kill, the next start ends what was left and goes on with ledger and ports', async () => {
    const left = await launcher.pids();
    await launcher.signal('SIGKILL');
    expect(left.every(runs)).toBe(true);
    expect((await launcher.run('status')).out).toMatch(/launcher is gone/);
    const addresses = await launcher.start();
    expect(left.filter(runs)).toEqual([]);
    expect(addresses.gateways.map(({ apiUrl }) => apiUrl)).toEqual(ports);
    const hospitals = await asPerson('ClevelandMSP', 'researcher', (client) => client.hospitals());
    expect(hospitals.items).toHaveLength(2);
  });

  test('Ctrl-C stops every process, in order', async () => {
    const pids = await launcher.pids();
    expect(await launcher.signal('SIGINT')).toBe(0);
    expect(pids.filter(runs)).toEqual([]);
    expect(launcher.hasAddresses).toBe(false);
    expect(await launcher.run('status')).toMatchObject({
      code: 1,
      error: expect.stringMatching(/^NETWORK_NOT_RUNNING: /),
    });
    expect(await launcher.run('stop')).toMatchObject({
      code: 1,
      error: expect.stringMatching(/^NETWORK_NOT_RUNNING: /),
    });
  });

  test('runs in the background, and is stopped from another terminal', async () => {
    const started = await launcher.run('start', '--topology', launcher.topology, '--detach');
    expect(started).toMatchObject({ code: 0, out: expect.stringContaining('The network is up: 2 hospitals') });
    const pids = await launcher.pids();
    expect(pids).toHaveLength(PARTS.length);
    expect(await launcher.run('stop')).toMatchObject({ code: 0, out: 'The network is stopped.\n' });
    expect(pids.filter(runs)).toEqual([]);
  });

  test('stop ends what is left when the launcher was killed', async () => {
    await launcher.start();
    const left = await launcher.pids();
    await launcher.signal('SIGKILL');
    const stopped = await launcher.run('stop');
    expect(stopped).toMatchObject({
      code: 0,
      out: expect.stringMatching(/launcher was gone; ended .*ClevelandMSP-gateway/),
    });
    expect(left.filter(runs)).toEqual([]);
  });
});
