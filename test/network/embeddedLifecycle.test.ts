/** The embedded channel's chaincode lifecycle: every hospital approves, one commits; Fabric's rules, Fabric's words. */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { outOf } from '@consilium/embedded-fabric/membership/policy';
import { peer } from '@hyperledger/fabric-protos';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import {
  CHAINCODE,
  CHAINCODE_VERSION,
  CHANNEL,
  EmbeddedNetwork,
  freePort,
  PACKAGE_ID,
} from './support/embeddedNetwork.js';
import { LifecycleCalls, type ProposedDefinition } from './support/lifecycleCalls.js';
import { outcomeOf } from './support/outcome.js';

jest.setTimeout(240_000);

const MSPS = ['AMSP', 'BMSP', 'CMSP'] as const;
const UP_MS_MAX = 60_000;

let network: EmbeddedNetwork;
const admins = new Map<string, LifecycleCalls>();
let researcher: LifecycleCalls;
let service: ChildProcess | undefined;

const at = (msp: string) => admins.get(msp) as LifecycleCalls;
const failureOf = async (call: () => Promise<unknown>) => {
  const { message, details } = await outcomeOf(call);
  return [message, ...(details ?? [])].join(' | ');
};

async function connectAdmins(): Promise<void> {
  for (const msp of MSPS) {
    const hospital = network.hospital(msp);
    const person = await hospital.person('admin', { unit: 'admin' });
    admins.set(msp, new LifecycleCalls(network.gateway(msp, person), msp, CHANNEL));
  }
  const person = await network.hospital('AMSP').person('rita');
  researcher = new LifecycleCalls(network.gateway('AMSP', person), 'AMSP', CHANNEL);
}

beforeAll(async () => {
  network = await EmbeddedNetwork.create(MSPS);
  await network.start();
  await connectAdmins();
});

afterAll(async () => {
  service?.kill('SIGKILL');
  await network.close();
});

describe('a definition of the configuration', () => {
  test('is approved by every hospital, with the package that serves it', async () => {
    expect(await at('BMSP').approved(CHAINCODE)).toEqual({
      version: CHAINCODE_VERSION,
      sequence: 1,
      packageId: PACKAGE_ID,
    });
    const { approvals } = await at('AMSP').committed(CHAINCODE);
    expect(approvals).toEqual({ AMSP: true, BMSP: true, CMSP: true });
    expect(await at('CMSP').installed()).toEqual([PACKAGE_ID]);
  });
});

describe('a new definition', () => {
  const next: ProposedDefinition = { name: CHAINCODE, version: 'two', sequence: 2 };

  test('is for admins of the own hospital to approve', async () => {
    expect(await failureOf(() => researcher.approve(next, PACKAGE_ID))).toMatch(
      /Failed to authorize invocation due to failed ACL check: Failed verifying that proposal's creator satisfies local MSP principal during channelless check policy with policy \[Admins\]: \[The identity is not an admin under this MSP \[AMSP\]: The identity does not contain OU \[ADMIN\], MSP: \[AMSP\]\]/,
    );
  });

  test('must have the next sequence', async () => {
    expect(await failureOf(() => at('AMSP').approve({ ...next, sequence: 4 }, PACKAGE_ID))).toMatch(
      /'ApproveChaincodeDefinitionForMyOrg': requested sequence 4 is larger than the next available sequence number 2/,
    );
    expect(await failureOf(() => at('AMSP').readiness({ ...next, sequence: 1 }))).toMatch(
      /requested sequence is 1, but new definition must be sequence 2/,
    );
    expect(await failureOf(() => at('AMSP').approve({ ...next, sequence: 1 }, PACKAGE_ID))).toMatch(
      /attempted to redefine the current committed sequence \(1\) for namespace demo with different parameters: expected Version '<TX>' does not match passed Version 'two'/,
    );
  });

  test('is committed by a majority that has approved it, not by one', async () => {
    expect(await failureOf(() => at('AMSP').commit(next))).toMatch(
      /chaincode definition not agreed to by this org \(AMSP\)/,
    );
    await at('AMSP').approve(next, PACKAGE_ID);
    expect(await failureOf(() => at('AMSP').approve(next, PACKAGE_ID))).toMatch(
      /attempted to redefine uncommitted sequence \(2\) for namespace demo with unchanged content/,
    );
    await at('BMSP').approve({ ...next, version: 'three' }, PACKAGE_ID);
    expect(await at('CMSP').readiness(next)).toEqual({
      approvals: { AMSP: true, BMSP: false, CMSP: false },
      mismatches: { BMSP: ['EndorsementInfo'], CMSP: ['ChaincodeParameters'] },
    });
    expect(await failureOf(() => at('AMSP').commit(next))).toMatch(/not agreed to by this org \([BC]MSP\)/);
    await at('BMSP').approve(next, PACKAGE_ID);
    await at('AMSP').commit(next);
    expect(await at('CMSP').committed(CHAINCODE)).toEqual({
      version: 'two',
      sequence: 2,
      approvals: { AMSP: true, BMSP: true, CMSP: false },
    });
    expect(await failureOf(() => at('AMSP').commit(next))).toMatch(
      /requested sequence is 2, but new definition must be sequence 3/,
    );
  });

  test('runs where it is approved, and elsewhere once it is', async () => {
    const person = await network.hospital('CMSP').person('clara');
    const contract = network.gateway('CMSP', person).getNetwork(CHANNEL).getContract(CHAINCODE);
    await contract.submit('put', { arguments: ['k', 'v'], endorsingOrganizations: ['AMSP', 'BMSP'] });
    const own = () => contract.evaluate('get', { arguments: ['k'], endorsingOrganizations: ['CMSP'] });
    expect(await failureOf(own)).toMatch(/no peers available to evaluate chaincode demo/);
    await at('CMSP').approve(next, PACKAGE_ID);
    expect(Buffer.from(await own()).toString()).toBe('v');
  });

  test('outlives a restart, and the configuration that speaks of another', async () => {
    await network.stopChannel();
    await network.startChannel();
    await connectAdmins();
    const { version, sequence } = await at('BMSP').committed(CHAINCODE);
    expect({ version, sequence }).toEqual({ version: 'two', sequence: 2 });
  });
});

describe('a chaincode that the configuration does not know', () => {
  const definition = (policy: peer.ApplicationPolicy): ProposedDefinition => {
    return { name: 'other', version: '1', sequence: 1, policy };
  };

  test('is installed from a package that says where it listens, approved, committed and called', async () => {
    const port = await freePort();
    const content = servicePackage(network.root, `localhost:${port}`);
    const packageId = await at('AMSP').install(content);
    expect(packageId).toMatch(/^other_1:[0-9a-f]{64}$/);
    expect(await failureOf(() => at('AMSP').install(content))).toMatch(
      /chaincode already successfully installed \(package ID 'other_1:/,
    );
    service = startService(port, packageId);
    const policy = new peer.ApplicationPolicy();
    policy.setSignaturePolicy(outOf(1, ['AMSP']));
    await at('AMSP').approve(definition(policy), packageId);
    await at('BMSP').approve(definition(policy), '');
    await at('AMSP').commit(definition(policy));
    expect((await at('AMSP').definitions()).sort()).toEqual([CHAINCODE, 'other']);
    const person = await network.hospital('AMSP').person('anna');
    const contract = network.gateway('AMSP', person).getNetwork(CHANNEL).getContract('other');
    const deadline = Date.now() + UP_MS_MAX;
    for (;;) {
      const failure = await contract.submitTransaction('put', 'x', 'y').then(
        () => undefined,
        (error: Error) => error,
      );
      if (!failure) break;
      if (Date.now() > deadline) throw failure;
      await pause(200);
    }
    expect(Buffer.from(await contract.evaluateTransaction('get', 'x')).toString()).toBe('y');
  });

  test('is refused as a package that is none, and to those who are no admins', async () => {
    expect(await failureOf(() => at('AMSP').install(Buffer.from('no package')))).toMatch(
      /could not parse as a chaincode install package: error reading as gzip stream: gzip: invalid header/,
    );
    expect(await failureOf(() => researcher.install(Buffer.from('x')))).toMatch(/failed ACL check/);
  });
});

function servicePackage(root: string, address: string): Buffer {
  const folder = join(root, 'package');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'connection.json'), JSON.stringify({ address, dial_timeout: '3s', tls_required: false }));
  writeFileSync(join(folder, 'metadata.json'), JSON.stringify({ type: 'ccaas', label: 'other_1' }));
  execFileSync('tar', ['-czf', 'code.tar.gz', 'connection.json'], { cwd: folder });
  execFileSync('tar', ['-czf', 'package.tar.gz', 'metadata.json', 'code.tar.gz'], { cwd: folder });
  return readFileSync(join(folder, 'package.tar.gz'));
}

function startService(port: number, packageId: string): ChildProcess {
  const args = ['--chaincode-address', `localhost:${port}`, '--chaincode-id', packageId];
  return spawn(
    process.execPath,
    ['node_modules/fabric-shim/cli.js', 'server', ...args, '--module-path', 'test/network/chaincode'],
    {
      cwd: resolve(import.meta.dirname, '../..'),
      env: { ...process.env, CORE_CHAINCODE_LOGGING_LEVEL: 'critical', CORE_PEER_LOCALMSPID: 'AMSP' },
      stdio: 'ignore',
    },
  );
}
