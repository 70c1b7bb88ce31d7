/** The command `consilium` at the officer's desk and the patient desk, against a real gateway interface, store and contract. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { tokenOf } from '../../gateway/src/http/testing/apiUnderTest.js';
import { OWN } from '../support/consentHospital.js';
import { OfficerDesk } from '../support/officerDesk.js';

const COMMAND = fileURLToPath(new URL('../../gateway/cli/bin/consilium.mjs', import.meta.url));

let desk: OfficerDesk;
let folder: string;
beforeAll(async () => {
  desk = new OfficerDesk();
  await desk.start();
  await desk.publish();
  folder = mkdtempSync(join(tmpdir(), 'officer-command-'));
  writeFileSync(join(folder, 'ca.pem'), desk.api.address.ca);
});
afterAll(async () => {
  await desk.stop();
  rmSync(folder, { recursive: true, force: true });
});

type Ran = Readonly<{ status: number | null; stdout: string; stderr: string }>;

function consilium(role: string, args: readonly string[], input = ''): Promise<Ran> {
  const { host, port } = desk.api.address;
  const tokenFile = join(folder, `${role}.token`);
  writeFileSync(tokenFile, tokenOf(role));
  const connection = ['--url', `https://${host}:${port}`, '--ca', join(folder, 'ca.pem'), '--token-file', tokenFile];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [COMMAND, ...connection, ...args], { timeout: 60_000 });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk) => (stdout += String(chunk)));
    child.stderr.on('data', (chunk) => (stderr += String(chunk)));
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, stdout, stderr }));
    child.stdin.end(input);
  });
}

async function succeeds(role: string, args: readonly string[], input?: string): Promise<string> {
  const { status, stdout, stderr } = await consilium(role, args, input);
  expect([args, status, stderr]).toEqual([args, 0, '']);
  return stdout;
}

// One desk; the tests build on each other, in this order.
describe('the command', () => {
  test('grants at the desk, with the number from standard input', async () => {
    const granted = await succeeds(
      'patient-desk',
      [
        'patient',
        'grant',
        '--patient',
        '-',
        '--term',
        'DUO:0000042',
        'DUO:0000026=Dr. A,Dr. B',
        '--until',
        '2030-01-01',
      ],
      '4711\n',
    );
    expect(granted).toMatch(/^[0-9a-f]{32} 0: grant, in block \d+/);
    const ref = desk.refOf('4711');
    expect(await succeeds('patient-desk', ['patient', 'find', '4711'])).toContain(ref);
    expect(await succeeds('compliance-officer', ['patient', 'show', ref])).toMatch(/events\s+1/);
    const effective = await succeeds('compliance-officer', ['patient', 'effective', ref]);
    expect(effective).toMatch(/a consent stands\s+yes/);
    expect(effective).toContain('DUO:0000026 Dr. A Dr. B');
    const history = JSON.parse(await succeeds('auditor', ['--json', 'patient', 'history', ref]));
    expect(history).toMatchObject([{ kind: 'grant', actor: { name: 'patient-desk' } }]);
  });

  test('takes in a file, and tells which line was refused', async () => {
    const file = join(folder, 'consents.csv');
    const line = (patient: string, kind = 'grant') => `${patient},${kind},patient-asked,DUO:0000006`;
    writeFileSync(file, ['patient,kind,reason,terms', line('1'), line('2', 'withdraw'), line('3')].join('\n'));
    const { status, stdout } = await consilium('data-steward', ['consent', 'import', file]);
    expect(status).toBe(3);
    expect(stdout).toMatch(/line 3: CONSENT_PATIENT_UNKNOWN/);
    expect(stdout).toMatch(/3 lines: 2 recorded, 1 refused/);
    await desk.hospital.settled();
    expect(await succeeds('compliance-officer', ['consent', 'events', '--kind', 'grant'])).toMatch(
      /3 of 3, at height \d+/,
    );
  });

  test('withdraws, and shows both times', async () => {
    const told = await succeeds('patient-desk', ['consent', 'withdraw', '--patient', '-', '--wait'], '1');
    expect(told).toMatch(/^effective here at \S+, on the ledger: block \d+/);
    expect(await succeeds('compliance-officer', ['consent', 'withdrawals'])).toContain(desk.refOf('1').slice(0, 12));
    expect(await succeeds('compliance-officer', ['consent', 'queue'])).toMatch(/waiting\s+0/);
    const policies = await succeeds('researcher', ['consent', 'policies']);
    expect(policies).toContain('Research at this hospital');
  });

  test('writes the page, files and lists, readable by who asked alone', async () => {
    const ref = desk.refOf('4711');
    const at = (name: string) => join(folder, name);
    await succeeds('patient-desk', ['patient', 'page', ref, at('page.html')]);
    await succeeds('patient-desk', ['patient', 'file', ref, 'receipts.json', at('receipts.json')]);
    await succeeds('compliance-officer', ['officer', 'register', at('register.csv')]);
    await succeeds('compliance-officer', ['officer', 'export', 'events', at('events.ndjson')]);
    await succeeds('compliance-officer', ['officer', 'export', `records/${ref}/history`, at('history.csv')]);
    expect(readFileSync(at('page.html'), 'utf8')).toContain('What you allowed');
    expect(JSON.parse(readFileSync(at('receipts.json'), 'utf8'))).toHaveLength(1);
    expect(readFileSync(at('events.ndjson'), 'utf8').trim().split('\n')).toHaveLength(4);
    for (const name of ['page.html', 'receipts.json', 'register.csv', 'events.ndjson', 'history.csv'])
      expect(statSync(at(name)).mode & 0o077).toBe(0);
  });

  test('holds, refuses to erase, lifts, erases, and has it in the log of reads', async () => {
    const ref = desk.refOf('4711');
    const officer = (...args: string[]) => succeeds('compliance-officer', args);
    expect(await officer('officer', 'hold', ref, '--ground', 'gdpr-17-3-e', '--reason', 'a claim')).toContain('held');
    const erase = [
      'erase',
      ref,
      '--ground',
      'gdpr-17-1-b',
      '--reason',
      'asked',
      '--receipt',
      join(folder, 'receipt.json'),
    ];
    const refused = await consilium('compliance-officer', erase);
    expect([refused.status, refused.stderr]).toEqual([1, expect.stringContaining('CONSENT_ERASURE_ON_HOLD')]);
    expect(await officer('officer', 'lift', ref, '--ground', 'gdpr-17-3-e')).toContain('lifted');
    expect(await officer(...erase)).toMatch(/hash on the ledger\s+[0-9a-f]{64}/);
    expect(JSON.parse(readFileSync(join(folder, 'receipt.json'), 'utf8'))).toMatchObject({
      ref,
      ground: 'gdpr-17-1-b',
    });
    expect(await officer('officer', 'reads', '--record', ref)).toMatch(/erasure/);
    expect(await officer('officer', 'verify-reads')).toMatch(/entries\s+\d+/);
  });

  test('tells a refusal as it is', async () => {
    const { status, stderr } = await consilium('researcher', ['consent', 'events', '--of', OWN]);
    expect([status, stderr]).toEqual([1, expect.stringContaining('ROLE_REQUIRED')]);
    expect(await succeeds('admin', ['officer', 'back-up'])).toMatch(/sha256\s+[0-9a-f]{64}/);
  });
});
