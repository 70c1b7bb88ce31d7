/** The embedded channel when processes die, start late or find something wrong. */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { openDatabase } from '@consilium/sqlite';
import type { Contract } from '@hyperledger/fabric-gateway';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { CHAINCODE, CHANNEL, EmbeddedNetwork, PACKAGE_ID } from './support/embeddedNetwork.js';
import { type Credentials, TestHospital } from './support/identities.js';
import { runs } from './support/launcherProcess.js';
import { outcomeOf, refusedBy } from './support/outcome.js';

jest.setTimeout(240_000);

const [CLEVELAND, HUNGARY, VA] = ['ClevelandMSP', 'HungaryMSP', 'VaMSP'] as const;

let network: EmbeddedNetwork;
let alice: Credentials;

beforeEach(async () => {
  network = await EmbeddedNetwork.create([CLEVELAND, HUNGARY, VA]);
  alice = await network.hospital(CLEVELAND).person('alice');
});

afterEach(async () => {
  await network.close();
});

/** Alice's contract at her hospital's peer, over a new connection. */
const connect = (): Contract => network.gateway(CLEVELAND, alice).getNetwork(CHANNEL).getContract(CHAINCODE);
const get = async (key: string) => Buffer.from(await connect().evaluateTransaction('get', key)).toString();

describe('the channel', () => {
  test('killed under parallel writers loses nothing that it acknowledged', async () => {
    await network.start();
    const acknowledged: string[] = [];
    for (let life = 0; life < 3; life++) {
      const contract = connect();
      let isOver = false;
      const writers = Array.from({ length: 20 }, async (_, writer) => {
        for (let count = 0; !isOver; count++) {
          const key = `k-${life}-${writer}-${count}`;
          try {
            await contract.submitTransaction('put', key, key);
            acknowledged.push(key);
          } catch {
            // Not acknowledged: it may be there or not.
            if (!isOver) await pause(5);
          }
        }
      });
      const before = acknowledged.length;
      while (acknowledged.length < before + 30) await pause(5);
      await network.stopChannel('SIGKILL');
      isOver = true;
      await Promise.all(writers);
      await network.startChannel();
      for (const { msp } of network.hospitals) await network.waitForChaincode(msp);
    }
    expect(acknowledged.length).toBeGreaterThan(30);
    for (const { msp } of network.hospitals) {
      const result = await connect().evaluate('range', {
        arguments: ['k-', 'k.'],
        endorsingOrganizations: [msp],
      });
      const stored = new Map<string, string>(JSON.parse(Buffer.from(result).toString()));
      expect(acknowledged.filter((key) => stored.get(key) !== key)).toEqual([]);
    }
    await connect().submitTransaction('put', 'after', 'all');
    expect(await get('after')).toBe('all');
  });

  test('stopped cleanly goes on where it was', async () => {
    await network.start();
    await connect().submitTransaction('put', 'a', '1');
    expect(await network.stopChannel('SIGTERM')).toBe(0);
    expect(existsSync(join(network.root, 'ledger', 'chain.db'))).toBe(true);
    await network.startChannel();
    for (const { msp } of network.hospitals) await network.waitForChaincode(msp);
    expect(await get('a')).toBe('1');
    await connect().submitTransaction('put', 'a', '2');
    const history = JSON.parse(Buffer.from(await connect().evaluateTransaction('history', 'a')).toString());
    expect(history.map((each: { value: string }) => each.value)).toEqual(['2', '1']);
    expect(network.output).toContain('For development and demonstration only.');
  });

  test('rebuilds a lost state from its blocks', async () => {
    await network.start();
    await connect().submitTransaction('put', 'a', '1');
    await network.stopChannel('SIGKILL');
    for (const suffix of ['', '-wal', '-shm']) {
      rmSync(join(network.root, 'ledger', 'peers', CLEVELAND, `state.db${suffix}`), { force: true });
    }
    await network.startChannel();
    await network.waitForChaincode(CLEVELAND);
    expect(await get('a')).toBe('1');
  });

  test('refuses a damaged chain by the number of the block', async () => {
    await network.start();
    for (const value of ['1', '2', '3']) await connect().submitTransaction('put', 'a', value);
    await network.stopChannel('SIGTERM');
    const database = openDatabase(join(network.root, 'ledger', 'chain.db'));
    // The last byte of the last transaction, which belongs to its signature.
    database.exec("UPDATE blocks SET content = substr(content, 1, length(content) - 1) || X'00' WHERE number = 3");
    database.close();
    await expect(network.startChannel()).rejects.toThrow(/block 3 of the stored chain is damaged/);
  });

  test('refuses the folder of another topology, and a folder in use', async () => {
    await network.startChannel();
    const first = network.pid;
    await expect(network.startChannel()).rejects.toThrow(/in use by another process/);
    process.kill(first, 'SIGTERM');
    while (runs(first)) await pause(20);
    const stranger = await TestHospital.create(join(network.root, 'other'), VA);
    await expect(
      network.startChannel((changed) => {
        const hospital = (changed.hospitals as Record<string, unknown>[]).find((each) => each.msp === VA)!;
        hospital.mspDir = stranger.folder.msp;
        (hospital.peer as Record<string, unknown>).mspDir = stranger.folder.nodeMsp('peer');
      }),
    ).rejects.toThrow(/chain of another topology or channel/);
  });

  test('names what is wrong with its configuration or its port', async () => {
    await expect(
      network.startChannel((config) => {
        config.channel = 'Not lower case';
      }),
    ).rejects.toThrow(/channel: must be lower case/);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
    const { port } = server.address() as { port: number };
    await expect(
      network.startChannel((config) => {
        const [hospital] = config.hospitals as { peer: { listen: string } }[];
        hospital!.peer.listen = `localhost:${port}`;
      }),
    ).rejects.toThrow(new RegExp(`cannot listen on localhost:${port}`));
    server.close();
    writeFileSync(network.hospital(CLEVELAND).folder.nodeIdentity('peer').key, 'nonsense');
    await expect(network.startChannel()).rejects.toThrow(/peer\/msp: /);
  });
});

describe('a chaincode process', () => {
  test('may start after the channel, die and come back', async () => {
    await network.startChannel();
    const down = await outcomeOf(() => connect().submitTransaction('put', 'a', '1'));
    expect(down).toMatchObject({ error: 'EndorseError', code: 10 });
    expect(down.details?.[0]).toMatch(
      /error in simulation: failed to execute transaction <TX>: could not launch chaincode demo:<TX>: connection to demo:<TX> failed: .*connect: connection refused"$/,
    );
    for (const { msp } of network.hospitals) network.startChaincode(msp);
    for (const { msp } of network.hospitals) await network.waitForChaincode(msp);
    const contract = connect();
    await contract.submitTransaction('put', 'a', '1');

    const crash = await outcomeOf(() => contract.submitTransaction('crash'));
    expect(crash).toEqual(
      refusedBy(
        CLEVELAND,
        'error in simulation: failed to execute transaction <TX>: error sending: chaincode stream terminated',
      ),
    );
    // The own chaincode is down: submitting fails, evaluating goes to another hospital.
    expect((await outcomeOf(() => contract.submitTransaction('put', 'a', '2'))).error).toBe('EndorseError');
    expect(Buffer.from(await contract.evaluateTransaction('peer')).toString()).not.toBe(CLEVELAND);
    network.startChaincode(CLEVELAND);
    await network.waitForChaincode(CLEVELAND);
    await contract.submitTransaction('put', 'a', '2');
    expect(await get('a')).toBe('2');
  });

  test('of another hospital that is down hinders nobody', async () => {
    await network.start();
    await network.killChaincode(VA);
    const contract = connect();
    for (const value of ['1', '2', '3']) await contract.submitTransaction('put', 'a', value);
    expect(await get('a')).toBe('3');
    await network.killChaincode(HUNGARY);
    const outcome = await outcomeOf(() => contract.submitTransaction('put', 'a', '4'));
    expect(outcome).toMatchObject({
      code: 10,
      message: '10 ABORTED: failed to collect enough transaction endorsements, see attached details for more info',
    });
    expect(outcome.details).toHaveLength(2);
  });

  test('that registers under another name is not used', async () => {
    network.startChaincode(CLEVELAND, PACKAGE_ID.replace('demo:', 'evil:'));
    for (const msp of [HUNGARY, VA]) network.startChaincode(msp);
    await network.startChannel();
    for (const msp of [HUNGARY, VA]) await network.waitForChaincode(msp);
    await pause(1_000);
    const outcome = await outcomeOf(() => connect().submitTransaction('put', 'a', '1'));
    expect(outcome.error).toBe('EndorseError');
    expect(outcome.details?.[0] ?? outcome.message).toMatch(
      /timeout expired while starting chaincode|Deadline exceeded/,
    );
  });
});
