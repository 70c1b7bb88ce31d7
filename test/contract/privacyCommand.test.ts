/** The command `consilium privacy` against a real gateway interface. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ledgerKey, privacySpent, privacyTable, privacyWithin, StudyProtocol } from '@consilium/domain';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ApiUnderTest, tokenOf } from '../../gateway/src/http/testing/apiUnderTest.js';
import { CLEVELAND, HEART, MSPS, PROTOCOL, writeStudy } from '../../gateway/src/http/testing/channelExample.js';

const COMMAND = fileURLToPath(new URL('../../gateway/cli/bin/consilium.mjs', import.meta.url));
const declaredPatients = Object.fromEntries(MSPS.map((msp) => [msp, 100]));
const privacy = privacyWithin(
  { epsilon: 1, delta: 1e-5, samplingRate: 1, patientClipNorm: 1, declaredPatients },
  PROTOCOL,
);

const api = new ApiUnderTest();
let folder: string;
beforeAll(async () => {
  await api.start();
  folder = mkdtempSync(join(tmpdir(), 'privacy-command-'));
  writeFileSync(join(folder, 'ca.pem'), api.address.ca);
  writeFileSync(join(folder, 'token'), tokenOf('compliance-officer'));
});
afterAll(async () => {
  await api.stop();
  rmSync(folder, { recursive: true, force: true });
});

function consilium(...args: string[]): Promise<Readonly<{ status: number | null; stdout: string; stderr: string }>> {
  const { host, port } = api.address;
  const files = ['--ca', join(folder, 'ca.pem'), '--token-file', join(folder, 'token')];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [COMMAND, '--url', `https://${host}:${port}`, ...files, ...args]);
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk) => (stdout += String(chunk)));
    child.stderr.on('data', (chunk) => (stderr += String(chunk)));
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, stdout, stderr }));
  });
}

test('says what noise a target takes, for people and for programs', async () => {
  const target = ['privacy', 'noise', '--epsilon', '1', '--delta', '1e-5', '--steps', '15'];
  const { stdout, stderr } = await consilium(...target);
  expect(stderr).toBe('');
  const sigma = Number(/\(sigma\) +(\S+)/.exec(stdout)?.[1]);
  const spent = privacySpent({ samplingRate: 1, noiseMultiplier: sigma }, 15, 1e-5);
  expect(spent.epsilon).toBeLessThanOrEqual(1);
  expect(stdout).toContain(String(spent.epsilon));
  const sampled = await consilium('--json', ...target, '--q', '0.1');
  expect(JSON.parse(sampled.stdout)).toMatchObject({ samplingRate: 0.1, steps: 15, delta: 1e-5 });
});

test('says why a target cannot be', async () => {
  const { status, stderr } = await consilium(
    'privacy',
    'noise',
    '--epsilon',
    '0.001',
    '--delta',
    '1e-5',
    '--steps',
    '9',
  );
  expect([status, stderr]).toEqual([1, expect.stringContaining('PRIVACY_TARGET_OUT_OF_REACH')]);
  const bad = await consilium('privacy', 'noise', '--epsilon', '1', '--delta', '2', '--steps', '9');
  expect([bad.status, bad.stderr]).toEqual([1, expect.stringContaining('INPUT_INVALID')]);
});

test('prints the table of a protocol that has its noise and no table yet', async () => {
  const { spentMicroEpsilonAfterRound, budgetMicroEpsilon, ...settings } = privacy;
  const file = join(folder, 'protocol.json');
  writeFileSync(file, JSON.stringify({ ...PROTOCOL, privacy: settings }));
  const { stdout, stderr } = await consilium('privacy', 'table', file);
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toEqual(spentMicroEpsilonAfterRound);
  expect(spentMicroEpsilonAfterRound).toEqual(privacyTable(settings, PROTOCOL));
  expect(spentMicroEpsilonAfterRound[PROTOCOL.trainingRounds - 1]).toBeLessThanOrEqual(budgetMicroEpsilon);
});

test('says what the hospital has spent, also beside the study', async () => {
  expect((await consilium('privacy', 'spent')).stdout).toMatch(/^nothing/);
  const protocol = StudyProtocol.parse({ ...PROTOCOL, metrics: 'final', validationShare: 0, privacy });
  writeStudy(api.state, MSPS, HEART, protocol);
  const microEpsilon = privacy.spentMicroEpsilonAfterRound[1] as number;
  const spending = { study: HEART, msp: CLEVELAND, protocolVersion: 1, joins: 2, microEpsilon };
  api.state.write({ [ledgerKey.spent(HEART, CLEVELAND)]: spending });
  const { stdout } = await consilium('privacy', 'spent');
  expect(stdout).toContain(`heart  epsilon ${microEpsilon / 1e6} at delta 0.00001, of 1, in 2 training rounds`);
  expect(stdout).toContain(`together  epsilon ${microEpsilon / 1e6}`);
  expect((await consilium('study', HEART)).stdout).toContain(`${CLEVELAND} ${microEpsilon / 1e6} in 2 rounds`);
});
