import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from '@jest/globals';

const COMMAND = fileURLToPath(new URL('../bin/consilium.mjs', import.meta.url));
const home = mkdtempSync(join(tmpdir(), 'consilium-cli-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** As a user runs it, without what the environment says of a network. */
function consilium(...args: string[]) {
  const { CONSILIUM_HOME: _home, CONSILIUM_URL: _url, ...environment } = process.env;
  return spawnSync(process.execPath, [COMMAND, ...args], { encoding: 'utf8', env: environment, timeout: 30_000 });
}

describe('the command consilium', () => {
  test('says what it can do', () => {
    const { status, stdout } = consilium('--help');
    expect(status).toBe(0);
    for (const command of [
      'health',
      'studies',
      'propose',
      'approve',
      'vote',
      'rounds',
      'verify',
      'predictions',
      'consent',
      'patient',
      'erase',
    ])
      expect(stdout).toContain(command);
  });

  test.each([
    ['privacy', ['noise', 'table', 'spent']],
    ['consent', ['publish', 'record', 'withdraw', 'import', 'events', 'withdrawals', 'queue']],
    ['patient', ['find', 'history', 'effective', 'uses', 'why', 'grant', 'page', 'file']],
    ['officer', ['selections', 'decisions', 'uses', 'reads', 'hold', 'lift', 'export', 'register', 'rotate-key']],
  ])('says what %s can do', (group, commands) => {
    const { status, stdout } = consilium(group, '--help');
    expect(status).toBe(0);
    for (const command of commands) expect(stdout).toContain(command);
  });

  test('says what verifying a round does, and what it leaves for others to check', () => {
    const { status, stdout } = consilium('verify', '--help');
    expect(status).toBe(0);
    for (const told of ['--study', '--round', '--bundle', '--blocks', 'consilium-verify'])
      expect(stdout).toContain(told);
    expect(consilium('--home', home, 'verify', '--study', 's').stderr).toContain("required option '--round <number>'");
  });

  test('without a network it says which options name one', () => {
    const { status, stderr } = consilium('--home', home, 'health');
    expect(status).toBe(1);
    expect(stderr).toContain('--url, --ca and --token-file');
  });

  test('a hospital that is not there is answered with those that are', () => {
    const gateways = [{ msp: 'NorthMSP', name: 'North', apiUrl: 'https://localhost:1', caFile: 'ca', people: {} }];
    writeFileSync(join(home, 'addresses.json'), JSON.stringify({ gateways }));
    expect(consilium('--home', home, '--hospital', 'South', 'health').stderr).toContain('there are North');
    expect(consilium('--home', home, '--as', 'nurse', 'health').stderr).toContain('nobody with the role nurse');
  });

  test('a vote without its round says what is missing', () => {
    const { status, stderr } = consilium('--home', home, 'vote', 'heart', 'resume');
    expect(status).not.toBe(0);
    expect(stderr).not.toContain('RangeError');
  });

  test.each([
    [['consent', 'withdraw'], 'either --patient or --ref'],
    [['privacy', 'noise', '--epsilon', 'little', '--delta', '1e-5', '--steps', '1'], 'little is not a number'],
    [['privacy', 'table', join(home, 'addresses.json')], 'has no table'],
    [['consent', 'events', '--from', 'yesterday'], 'is not an instant'],
    [['patient', 'grant', '--patient', '7', '--term', 'anything'], 'anything is no term'],
    [['erase', 'f'.repeat(32)], '--ground'],
  ])('%j says what is wrong, and asks no gateway', (args, told) => {
    const people = { researcher: { tokenFile: join(home, 'token') } };
    writeFileSync(join(home, 'token'), 'token');
    writeFileSync(join(home, 'ca'), '');
    const gateways = [
      { msp: 'NorthMSP', name: 'North', apiUrl: 'https://localhost:1', caFile: join(home, 'ca'), people },
    ];
    writeFileSync(join(home, 'addresses.json'), JSON.stringify({ gateways }));
    const { status, stderr } = consilium('--home', home, ...args);
    expect(status).not.toBe(0);
    expect(stderr).toContain(told);
  });
});
