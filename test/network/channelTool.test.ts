import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { chaincodePackage } from '@consilium/network/chaincodePackage';
import { readConnection } from '@consilium/network/connectionFile';
import { Home } from '@consilium/network/home';
import { PeerAccess } from '@consilium/network/peerAccess';
import type { RunningNetwork } from '@consilium/network/runningNetwork';
import { startNetwork } from '@consilium/network/startNetwork';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';

jest.setTimeout(240_000);

const REPOSITORY = resolve(import.meta.dirname, '../..');
const LAUNCHER = join(REPOSITORY, 'network/dist/main.js');

let folder: string;
let home: string;
let network: RunningNetwork;

const channel = (...args: string[]) => launcher('channel', ...args);

/** Runs a command as a person would. */
function launcher(...args: string[]): Promise<{ code: number; out: string; error: string }> {
  return new Promise((resolved) => {
    execFile(process.execPath, [LAUNCHER, ...args, '--home', home], (failure, out, error) => {
      resolved({ code: failure === null ? 0 : Number(failure.code), out, error });
    });
  });
}

const json = async (...args: string[]) => JSON.parse((await channel(...args, '--json')).out);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'channel-tool-'));
  home = join(folder, 'home');
  writeFileSync(join(folder, 'rows.csv'), 'age,label\n61,1\n');
  const topology = join(folder, 'topology.json');
  const hospitals = ['Cleveland', 'Hungary'].map((name) => ({ name, data: { file: 'rows.csv' } }));
  writeFileSync(topology, JSON.stringify({ hospitals }));
  network = await startNetwork({ topology, home, channelOnly: true });
  const { connectionFile, ...hospital } = { ...paths('HungaryMSP') };
  const access = new PeerAccess(readConnection(connectionFile), hospital.admin);
  const command = {
    name: 'Hungary',
    exchangeUrl: 'https://localhost:20001',
    chaincodeDigest: chaincodePackage(REPOSITORY).digest,
  };
  const contract = access.network.getContract('consilium');
  await contract.submit('HospitalContract:registerHospital', { arguments: [JSON.stringify(command)] });
  access.close();
});

afterAll(async () => {
  await network?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** The first of a stream of events, which is then closed. */
async function firstOf<T>(events: AsyncIterable<T> & { close(): void }): Promise<T | undefined> {
  try {
    for await (const each of events) return each;
    return undefined;
  } finally {
    events.close();
  }
}

function paths(msp: string) {
  const hospital = new Home(home).hospital(msp);
  return { connectionFile: hospital.connectionFile, admin: hospital.person('admin') };
}

// The same verbs read real Fabric: fabric.test.ts.
describe('npm run channel', () => {
  test('lists blocks, shows one, finds a transaction and the value of a key', async () => {
    const list = await channel('blocks', '-n', '2');
    const lines = list.out.trimEnd().split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(/block +hash +time +transactions/);
    expect(lines[2]).toMatch(/ {2}1 {2}HospitalContract:registerHospital$/);

    const newest = JSON.parse((await channel('blocks', '-n', '1', '--json')).out);
    const block = await json('block', String(newest.number));
    expect(block).toEqual(newest);
    const before = await json('block', String(newest.number - 1));
    expect(block.previousHash).toBe(before.hash);
    const [transaction] = block.transactions;
    expect(transaction).toMatchObject({
      code: 'VALID',
      creator: { msp: 'HungaryMSP', subject: expect.stringContaining('CN=admin.hungary') },
      endorsers: ['ClevelandMSP', 'HungaryMSP'],
    });
    expect(await json('tx', transaction.id, '--hospital', 'hungary')).toEqual({ block: newest.number, transaction });
    const state = await channel('state', 'hospital~HungaryMSP');
    expect(state.out).toContain('"exchangeUrl":"https://localhost:20001"');
    expect(state.out).toContain(`by transaction ${transaction.id} in block ${newest.number}`);
    expect((await channel('block', String(newest.number))).out).toContain('endorsed   ClevelandMSP, HungaryMSP');
  });

  test.each([
    [['block', '9999'], /^LEDGER_RECORD_UNKNOWN: the channel has no block 9999/],
    [['tx', 'ab'.repeat(32)], /^LEDGER_RECORD_UNKNOWN: the channel has no transaction abab/],
    [['state', 'nothing'], /^LEDGER_RECORD_UNKNOWN: the channel has no key nothing of consilium/],
    [['block', '1', '--hospital', 'utrecht'], /^PART_UNKNOWN: there is no hospital utrecht: there are Cleveland/],
    [['block', '-1'], /unknown option|whole number/],
    [['block', 'newest'], /whole number from 0 up/],
  ])('refuses %j', async (args, error) => {
    expect(await channel(...args)).toMatchObject({ code: 1, error: expect.stringMatching(error) });
  });

  test('takes a certificate back: from then on nobody serves whoever holds it', async () => {
    const hospital = new Home(home).hospital('HungaryMSP');
    const open = (msp: string, person: string) =>
      new PeerAccess(readConnection(new Home(home).hospital(msp).connectionFile), hospital.person(person));
    const researcher = open('HungaryMSP', 'researcher');
    const contract = researcher.network.getContract('consilium');
    const query = 'org.hyperledger.fabric:GetMetadata';
    await contract.evaluateTransaction(query);
    const endorsed = await contract.newProposal(query).endorse();
    const { certificate } = hospital.person('researcher');

    expect(await channel('revoke', certificate)).toMatchObject({
      error: '',
      out: expect.stringMatching(/^Revoked [0-9A-F]+ of HungaryMSP; .* has 1 now/),
    });
    await expect(contract.evaluateTransaction(query)).rejects.toMatchObject({
      details: [{ message: 'error validating proposal: access denied: channel [consilium] creator org [HungaryMSP]' }],
    });
    await expect(endorsed.submit()).rejects.toMatchObject({
      details: expect.arrayContaining([expect.objectContaining({ message: expect.stringMatching(/FORBIDDEN/) })]),
    });
    const elsewhere = open('ClevelandMSP', 'researcher');
    await expect(elsewhere.network.getContract('consilium').evaluateTransaction(query)).rejects.toThrow();
    await expect(firstOf(await elsewhere.network.getChaincodeEvents('consilium'))).rejects.toMatchObject({ code: 7 });
    await expect(firstOf(await elsewhere.network.getBlockEvents())).rejects.toThrow(/403/);
    for (const each of [researcher, elsewhere]) each.close();

    const other = open('HungaryMSP', 'auditor');
    await other.network.getContract('consilium').evaluateTransaction(query);
    other.close();
    expect((await channel('revoke', certificate)).error).toMatch(/is revoked already/);
    expect((await channel('revoke', hospital.person('data-steward').certificate)).out).toMatch(/has 2 now/);
    const [newest] = (await channel('blocks', '-n', '1', '--json')).out.trim().split('\n');
    expect(JSON.parse(newest!).transactions[0].type).toBe('CONFIG');
  });

  test('and rebuild: the state comes out the same from the blocks alone, and the revoked stay out', async () => {
    expect((await launcher('rebuild')).error).toMatch(/NETWORK_RUNNING/);
    const height = JSON.parse((await channel('blocks', '-n', '1', '--json')).out).number + 1;
    await network.stop();
    const first = await launcher('rebuild');
    expect(first.out).toMatch(new RegExp(`^ClevelandMSP: ${height} blocks, state [0-9a-f]{64}$`, 'm'));
    expect(
      new Set(
        first.out
          .trim()
          .split('\n')
          .map((line) => line.split(': ')[1]),
      ).size,
    ).toBe(1);
    expect((await launcher('rebuild')).out).toBe(first.out);
    network = await startNetwork({ topology: join(folder, 'topology.json'), home, channelOnly: true });
    const hospital = new Home(home).hospital('HungaryMSP');
    const access = new PeerAccess(readConnection(hospital.connectionFile), hospital.person('researcher'));
    const contract = access.network.getContract('consilium');
    await expect(contract.evaluateTransaction('org.hyperledger.fabric:GetMetadata')).rejects.toThrow();
    access.close();
  });

  test('says so when the channel is down', async () => {
    await network.stopPart('channel', 'embedded');
    expect(await channel('block', '0')).toMatchObject({
      code: 1,
      error: expect.stringMatching(/^LEDGER_UNAVAILABLE: /),
    });
  });
});
