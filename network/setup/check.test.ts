import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { check, sourceFolders } from './check.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
jest.setTimeout(180_000);

/**
 * A small house with the rooms' names and planted imports, seen through this repository's own rules.
 * Each row: a file, what it imports, and the rule that must refuse it.
 */
const FORBIDDEN: [file: string, imported: string, rule: string][] = [
  ['chaincode/domain/src/a.ts', 'node:fs', 'domain-imports-node'],
  ['chaincode/domain/src/b.ts', 'express', 'domain-imports-packages'],
  ['chaincode/contract/src/rules/a.ts', '../studyContract.js', 'contract-rules-imports-rooms'],
  ['chaincode/contract/src/rules/b.ts', 'fabric-shim', 'contract-rules-imports-packages'],
  ['chaincode/contract/src/a.ts', 'node:fs', 'contract-imports-node'],
  ['gateway/src/learning/a.ts', '../http/app.js', 'learning-imports-rooms'],
  ['gateway/src/learning/b.ts', '../store/store.js', 'learning-imports-rooms'],
  ['gateway/src/privacy/a.ts', '../ledger/ledger.js', 'privacy-imports-rooms'],
  ['gateway/src/agent/a.ts', '../ledger/ledger.js', 'agent-imports-rooms'],
  ['gateway/src/agent/b.ts', 'node:fs', 'agent-imports-node'],
  ['gateway/src/agent/c.ts', '@consilium/sqlite', 'agent-imports-rooms'],
  ['gateway/src/data/a.ts', '../consent/consent.js', 'data-imports-rooms'],
  ['gateway/src/ledger/a.ts', '../agent/agent.js', 'ledger-imports-rooms'],
  ['gateway/src/ledger/b.ts', 'express', 'ledger-imports-packages'],
  ['gateway/src/exchange/a.ts', '../store/store.js', 'exchange-imports-rooms'],
  ['gateway/src/store/a.ts', '../http/app.js', 'store-imports-rooms'],
  ['gateway/src/secrets/a.ts', '@consilium/sqlite', 'secrets-imports-rooms'],
  ['gateway/src/consent/a.ts', '../store/store.js', 'consent-imports-rooms'],
  ['gateway/src/fhir/a.ts', '../agent/ports.js', 'fhir-imports-rooms'],
  ['gateway/src/exports/a.ts', '../http/app.js', 'exports-imports-rooms'],
  ['gateway/src/http/a.ts', '../store/store.js', 'http-imports-rooms'],
  ['gateway/src/http/b.test.ts', '../store/store.js', 'http-imports-rooms-in-tests'],
  ['gateway/src/http/testing/b.ts', '../../store/store.js', 'http-imports-rooms-in-tests'],
  ['gateway/src/wiring.test.ts', '@consilium/contract', 'gateway-wiring-imports-rooms-in-tests'],
  ['gateway/src/wiring.ts', '@consilium/contract', 'gateway-wiring-imports-rooms'],
  ['gateway/client/src/a.ts', '../../src/http/app.js', 'client-imports-rooms'],
  ['gateway/cli/src/a.ts', '../../src/store/store.js', 'cli-imports-rooms'],
  ['network/demo/src/a.ts', '../../src/launcher.js', 'demo-imports-rooms'],
  ['network/embedded/src/a.ts', '@consilium/domain', 'embedded-imports-rooms'],
  ['network/src/a.ts', '@consilium/contract', 'network-imports-rooms'],
  ['network/src/b.ts', '../demo/src/start.js', 'network-imports-rooms'],
  ['network/src/c.ts', 'fabric-shim', 'network-imports-packages'],
  ['network/src/channel/fabric/a.ts', '@consilium/contract', 'network-fabric-imports-rooms'],
  ['network/sqlite/src/a.ts', 'express', 'sqlite-imports-packages'],
  ['network/setup/a.mjs', 'express', 'setup-imports-packages'],
  ['gateway/src/http/c.ts', './d.js', 'no-cycles'],
  ['gateway/src/http/e.ts', './gone.js', 'resolvable'],
  ['gateway/src/http/f.ts', './utils.js', 'telling-name-to'],
  ['gateway/src/http/common/g.ts', '../app.js', 'telling-name-from'],
];

/** What the rooms are allowed to do: no rule may speak up. */
const ALLOWED: [file: string, imported: string][] = [
  ['chaincode/domain/src/fine.ts', 'zod'],
  ['chaincode/contract/src/rules/fine.ts', '@consilium/domain'],
  ['chaincode/contract/src/fine.ts', 'node:crypto'],
  ['chaincode/contract/src/alsoFine.ts', './rules/fine.js'],
  ['gateway/src/agent/fine.ts', '../learning/learning.js'],
  ['gateway/src/ledger/fine.ts', '../agent/ports.js'],
  ['gateway/src/ledger/fine.test.ts', 'fast-check'],
  ['gateway/src/ledger/alsoFine.test.ts', 'node:fs'],
  ['gateway/src/store/fine.ts', '@consilium/sqlite'],
  ['gateway/src/http/fine.ts', 'express'],
  ['gateway/src/main.ts', './store/store.js'],
  ['network/demo/src/fine.ts', '@consilium/domain'],
  ['network/embedded/src/fine.ts', '@consilium/sqlite'],
];

/** Files that the planted imports lead to, without imports of their own. */
const TARGETS = [
  'chaincode/contract/src/studyContract.ts',
  'gateway/src/agent/agent.ts',
  'gateway/src/agent/ports.ts',
  'gateway/src/consent/consent.ts',
  'gateway/src/http/app.ts',
  'gateway/src/http/utils.ts',
  'gateway/src/learning/learning.ts',
  'gateway/src/ledger/ledger.ts',
  'gateway/src/store/store.ts',
  'network/src/launcher.ts',
  'network/demo/src/start.ts',
];

const WORKSPACES = { domain: 'chaincode/domain', contract: 'chaincode/contract', sqlite: 'network/sqlite' };

describe('the import rules', () => {
  let house: string;
  let found: { from: string; to: string; rule: { name: string } }[];
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(house, path)), { recursive: true });
    writeFileSync(join(house, path), text);
  };

  beforeAll(() => {
    house = mkdtempSync(join(tmpdir(), 'consilium-house-'));
    for (const target of TARGETS) write(target, 'export const it = 1;\n');
    for (const [file, imported] of [...FORBIDDEN, ...ALLOWED])
      write(file, `import '${imported}';\nexport const it = 1;\n`);
    mkdirSync(join(house, 'node_modules/@consilium'), { recursive: true });
    for (const [name, folder] of Object.entries(WORKSPACES)) {
      write(`${folder}/package.json`, `{"name":"@consilium/${name}","type":"module","exports":"./dist/index.js"}`);
      write(`${folder}/dist/index.js`, 'export {};\n');
      symlinkSync(join(house, folder), join(house, 'node_modules/@consilium', name));
    }
    for (const name of ['express', 'zod', 'fabric-shim', 'fast-check']) {
      write(`node_modules/${name}/package.json`, `{"name":"${name}","main":"index.js"}`);
      write(`node_modules/${name}/index.js`, '');
    }
    for (const name of ['.dependency-cruiser.cjs', 'biome.json', 'tsconfig.base.json']) {
      write(name, readFileSync(join(ROOT, name), 'utf8'));
    }
    write('gateway/src/http/d.ts', "import './c.js';\n"); // the other half of a cycle, which is told once
    write('.gitignore', 'dist/\nnode_modules/\n');
    const references = ['chaincode/domain', 'chaincode/contract', 'gateway', 'network'].map((path) => ({ path }));
    write('tsconfig.json', JSON.stringify({ files: [], references }));
    const cruiser = join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
    const args = [
      cruiser,
      '--config',
      '.dependency-cruiser.cjs',
      '--output-type',
      'json',
      'chaincode',
      'gateway',
      'network',
    ];
    const result = spawnSync(process.execPath, args, { cwd: house, encoding: 'utf8', maxBuffer: 2 ** 26 });
    found = JSON.parse(result.stdout).summary.violations;
  });
  afterAll(() => rmSync(house, { recursive: true, force: true }));

  test.each(FORBIDDEN)('%s may not import %s', (file, _imported, rule) => {
    expect(found.filter(({ from }) => from === file).map((violation) => violation.rule.name)).toContain(rule);
  });

  test.each(ALLOWED)('%s may import %s', (file) => {
    expect(found.filter(({ from }) => from === file)).toEqual([]);
  });

  test('`npm run check` fails on them and names file and rule', async () => {
    let told = '';
    const exitCode = await check(['import rules'], house, (text) => {
      told += text;
    });
    expect(exitCode).toBe(1);
    expect(told).toMatch(/import rules, cycles, names FAILED/);
    expect(told).toMatch(/learning-imports-rooms.*gateway\/src\/learning\/a\.ts/);
  });

  test('lint bites too: a variable that nobody uses, and bad format', async () => {
    write('gateway/src/http/app.ts', 'export const it = ( ) => {\n  const unused = 1;\n}\n');
    let told = '';
    const exitCode = await check(['lint'], house, (text) => {
      told += text;
    });
    expect(exitCode).toBe(1);
    expect(told).toMatch(/noUnusedVariables/);
    expect(told).toMatch(/app\.ts format/);
  });

  test('a check that nobody knows is no success', async () => {
    await expect(check(['spelling'], house, () => {})).resolves.toBe(1);
  });
});

test('every folder with code is looked at', () => {
  const folders = sourceFolders(ROOT);
  expect(folders).toEqual(expect.arrayContaining(['chaincode/domain/src', 'gateway/src', 'network/setup', 'test']));
  expect(folders.some((folder) => folder.includes('dist'))).toBe(false);
});
