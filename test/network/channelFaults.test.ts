/** Faults that tests can make in the embedded channel, and what clients see of each. */

import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { REPOSITORY } from '@consilium/network/buildOutput';
import { chaincodePackage } from '@consilium/network/chaincodePackage';
import { readConnection } from '@consilium/network/connectionFile';
import { Home } from '@consilium/network/home';
import { PeerAccess } from '@consilium/network/peerAccess';
import type { RunningNetwork } from '@consilium/network/runningNetwork';
import { startNetwork } from '@consilium/network/startNetwork';
import type { Contract } from '@hyperledger/fabric-gateway';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';

jest.setTimeout(240_000);

const [CLEVELAND, HUNGARY, UTRECHT] = ['ClevelandMSP', 'HungaryMSP', 'UtrechtMSP'] as const;
const DELAY_MS = 700;
const DELAY_MS_MAX = 60_000;
const RECONNECT_MS_MAX = 60_000;

let folder: string;
let network: RunningNetwork;
const accesses = new Map<string, PeerAccess>();
let port = 21_000;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'faults-'));
  writeFileSync(join(folder, 'rows.csv'), 'age,label\n61,1\n');
  const topology = join(folder, 'topology.json');
  const hospitals = ['Cleveland', 'Hungary', 'Utrecht'].map((name) => ({ name, data: { file: 'rows.csv' } }));
  writeFileSync(topology, JSON.stringify({ hospitals }));
  network = await startNetwork({ topology, home: join(folder, 'home'), channelOnly: true, faults: true });
  for (const msp of [CLEVELAND, HUNGARY, UTRECHT]) {
    const hospital = new Home(network.home).hospital(msp);
    accesses.set(msp, new PeerAccess(readConnection(hospital.connectionFile), hospital.person('admin')));
  }
});

afterAll(async () => {
  for (const access of accesses.values()) access.close();
  await network?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const faults = () => network.faults!;
const contract = (msp: string): Contract => accesses.get(msp)!.network.getContract('consilium');
const height = (msp: string) => accesses.get(msp)!.height();

/** Registers a hospital anew; resolves to the milliseconds until its own peer has committed it. */
async function register(msp: string): Promise<number> {
  port += 1;
  const command = {
    name: msp.replace('MSP', ''),
    exchangeUrl: `https://localhost:${port}`,
    chaincodeDigest: chaincodePackage(REPOSITORY).digest,
  };
  const started = performance.now();
  await contract(msp).submit('HospitalContract:registerHospital', { arguments: [JSON.stringify(command)] });
  return performance.now() - started;
}

/** A client that lost its peer tries again by and by. */
async function untilReached(msp: string): Promise<void> {
  const deadline = Date.now() + RECONNECT_MS_MAX;
  for (;;) {
    const failure = await height(msp).then(
      () => undefined,
      (error: Error) => error,
    );
    if (failure === undefined) return;
    if (Date.now() > deadline) throw failure;
    await pause(100);
  }
}

describe('a fault of the embedded channel', () => {
  test('is for this user only to make', () => {
    expect(statSync(new Home(network.home).controlSocket).mode & 0o777).toBe(0o600);
  });

  test('stops one peer: the others go on, and it has what it missed when it is back', async () => {
    await faults().stopPeer(UTRECHT);
    await expect(register(UTRECHT)).rejects.toMatchObject({ code: 14 });
    await register(CLEVELAND);
    await faults().startPeer(UTRECHT);
    await untilReached(UTRECHT);
    expect(await height(UTRECHT)).toBe(await height(CLEVELAND));
    await register(UTRECHT);
  });

  test('cuts one peer off: its clients read the past and submit nothing', async () => {
    await faults().cutOff(HUNGARY);
    const before = await height(HUNGARY);
    await register(CLEVELAND);
    expect(await height(HUNGARY)).toBe(before);
    await expect(register(HUNGARY)).rejects.toMatchObject({
      details: expect.arrayContaining([
        expect.objectContaining({ message: expect.stringMatching(/code = Unavailable/) }),
      ]),
    });
    await faults().cutOff(HUNGARY, false);
    expect(await height(HUNGARY)).toBe(await height(CLEVELAND));
    await register(HUNGARY);
  });

  test('delays the commits of one peer', async () => {
    await faults().delayCommits(UTRECHT, DELAY_MS);
    expect(await register(UTRECHT)).toBeGreaterThan(DELAY_MS);
    // Longer than any client waits for a commit, were it not taken back.
    await faults().delayCommits(UTRECHT, DELAY_MS_MAX);
    await faults().delayCommits(UTRECHT, 0);
    await register(UTRECHT);
  });

  test('has one chaincode answer differently: it is outvoted, and alone it is refused', async () => {
    await faults().answerDifferently(HUNGARY);
    await register(CLEVELAND);
    await expect(register(HUNGARY)).rejects.toMatchObject({
      details: expect.arrayContaining([expect.objectContaining({ message: 'ProposalResponsePayloads do not match' })]),
    });
    await faults().answerDifferently(HUNGARY, false);
    await register(HUNGARY);
  });

  test('that does not exist is refused', async () => {
    await expect(faults().stopPeer('NopeMSP')).rejects.toThrow('no hospital NopeMSP');
    await expect(faults().delayCommits(HUNGARY, -1)).rejects.toThrow();
  });
});
