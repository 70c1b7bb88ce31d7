import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { installPackages, isInstalled, isSameInstall } from './install.mjs';

const entry = { version: '1.0.0', integrity: 'sha512-a' };
const lockfile = {
  packages: {
    '': { version: '0.1.0' },
    room: { version: '0.1.0' },
    'node_modules/room': { resolved: 'room', link: true },
    'node_modules/a': entry,
    'node_modules/only-on-windows': { ...entry, optional: true },
  },
};
const { '': _root, 'node_modules/only-on-windows': _optional, ...present } = lockfile.packages;

describe('whether node_modules is what the lockfile names', () => {
  test('yes, though optional packages of other platforms are absent', () => {
    expect(isSameInstall(lockfile, { packages: present })).toBe(true);
  });

  test.each([
    ['a package is absent', { ...present, 'node_modules/a': undefined }],
    ['a version differs', { ...present, 'node_modules/a': { ...entry, version: '1.0.1' } }],
    ['the bytes differ', { ...present, 'node_modules/a': { ...entry, integrity: 'sha512-b' } }],
    ['a package is left over', { ...present, 'node_modules/b': entry }],
    ['a workspace moved', { ...present, 'node_modules/room': { resolved: 'elsewhere', link: true } }],
  ])('no when %s', (_why, packages) => {
    const installed = Object.fromEntries(Object.entries(packages).filter(([, found]) => found !== undefined));
    expect(isSameInstall(lockfile, { packages: installed as typeof present })).toBe(false);
  });
});

describe('installing', () => {
  let root: string;
  const told: string[] = [];
  const say = (text: string) => told.push(text);
  const write = (name: string, content: unknown) => writeFileSync(join(root, name), JSON.stringify(content));

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'consilium-install-'));
    told.length = 0;
    write('package-lock.json', lockfile);
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  test('is due in a fresh clone, and again when the lockfile changes', async () => {
    expect(isInstalled(root)).toBe(false);
    mkdirSync(join(root, 'node_modules'));
    write('node_modules/.package-lock.json', { packages: present });
    await installPackages(root, {}, say);
    expect(isInstalled(root)).toBe(true);
    write('package-lock.json', { packages: { ...lockfile.packages, 'node_modules/b': entry } });
    expect(isInstalled(root)).toBe(false);
  });

  test("leaves a developer's own up-to-date install alone", async () => {
    mkdirSync(join(root, 'node_modules'));
    write('node_modules/.package-lock.json', { packages: present });
    await installPackages(root, { PATH: '' }, say); // npm could not even be started
    expect(told).toEqual([]);
  });

  test('into a folder that is in use, installs only what differs, and all of it if that was not enough', async () => {
    mkdirSync(join(root, 'node_modules'));
    write('node_modules/.package-lock.json', { packages: {} });
    const npm = join(root, 'scripted-npm-cli.js');
    const environment = { ...process.env, npm_execpath: npm };
    const hidden = JSON.stringify({ packages: present });
    const script = (verb: string) => `
      const { appendFileSync, writeFileSync } = require('node:fs');
      appendFileSync('calls', process.argv[2] + ' ');
      if (process.argv[2] === '${verb}') writeFileSync('node_modules/.package-lock.json', ${JSON.stringify(hidden)});`;
    const calls = () => readFileSync(join(root, 'calls'), 'utf8');

    writeFileSync(npm, script('install'));
    await installPackages(root, environment, say);
    expect(calls()).toBe('install ');
    expect(isInstalled(root)).toBe(true);

    write('node_modules/.package-lock.json', { packages: {} });
    writeFileSync(npm, script('ci'));
    await installPackages(root, environment, say);
    expect(calls()).toBe('install install ci ');
  });

  test('says what to look at when npm fails, and does not count as done', async () => {
    writeFileSync(join(root, 'failing-npm-cli.js'), 'console.error("npm error: no route"); process.exit(1);');
    const environment = { ...process.env, npm_execpath: join(root, 'failing-npm-cli.js') };
    await expect(installPackages(root, environment, say)).rejects.toThrow(/no route[\s\S]*registry within reach/);
    expect(told).toEqual(['installing packages']);
    expect(isInstalled(root)).toBe(false);
  });
});
