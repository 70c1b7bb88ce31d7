import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { build, isBuilt, isCompiled, orphans, sourceDigests, staleProjects } from './build.mjs';

const NODE_MODULES = fileURLToPath(new URL('../../node_modules', import.meta.url));
jest.setTimeout(180_000);

let root: string;
let told: string[];
const say = (text: string) => told.push(text);
const write = (path: string, text: string) => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
};
const stale = () => staleProjects(root, sourceDigests(root));

/** Two projects, the second built on the first, compiled by the real compiler. */
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'consilium-build-'));
  told = [];
  const options = {
    composite: true,
    module: 'nodenext',
    target: 'es2022',
    types: [],
    lib: ['es5'],
    skipLibCheck: true,
    noEmitOnError: true,
  };
  write('tsconfig.base.json', JSON.stringify({ compilerOptions: options }));
  write('tsconfig.json', JSON.stringify({ files: [], references: [{ path: './below' }, { path: './above' }] }));
  write('package-lock.json', '{"packages":{}}');
  for (const name of ['below', 'above']) {
    const references = name === 'above' ? [{ path: '../below' }] : [];
    const compilerOptions = { rootDir: 'src', outDir: 'dist', tsBuildInfoFile: 'dist/.tsbuildinfo' };
    const config = { extends: '../tsconfig.base.json', compilerOptions, include: ['src'], references };
    write(`${name}/tsconfig.json`, JSON.stringify({ ...config, exclude: ['src/**/*.test.ts'] }));
    write(`${name}/package.json`, '{"type":"module"}');
  }
  write('below/src/ground.ts', 'export const ground = 1;\n');
  write(
    'above/src/roof.ts',
    "import { ground } from '../../below/dist/ground.js';\nexport const roof: number = ground + 1;\n",
  );
  mkdirSync(join(root, 'node_modules'));
  symlinkSync(join(NODE_MODULES, 'typescript'), join(root, 'node_modules', 'typescript'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('the build', () => {
  test('builds everything once, and is silent when nothing is due', async () => {
    expect(isBuilt(root)).toBe(false);
    await build(root, say);
    expect(isBuilt(root)).toBe(true);
    await build(root, say);
    expect(told).toEqual(['building everything']);
    expect(readFileSync(join(root, 'above/dist/roof.js'), 'utf8')).toContain('roof');
  });

  test('goes by content, whatever date a file carries', async () => {
    await build(root, say);
    utimesSync(join(root, 'below/src/ground.ts'), new Date(), new Date());
    expect(stale()).toEqual([]);
    write('below/src/ground.ts', 'export const ground = 2;\n');
    utimesSync(join(root, 'below/src/ground.ts'), 1, 1); // as an unpacked archive would have it
    expect(stale()).toEqual(['below']);
    await build(root, say);
    expect(readFileSync(join(root, 'below/dist/ground.js'), 'utf8')).toContain('ground = 2');
  });

  test('has nothing to do for a test, and everything for the lockfile', async () => {
    await build(root, say);
    write('below/src/ground.test.ts', 'export {};\n');
    expect(stale()).toEqual([]);
    write('package-lock.json', '{"packages":{"node_modules/a":{}}}');
    expect(stale()).toEqual(['below', 'above']);
  });

  test('brings back output that somebody deleted', async () => {
    await build(root, say);
    rmSync(join(root, 'below/dist/ground.js'));
    expect(stale()).toEqual(['below']);
    await build(root, say);
    expect(existsSync(join(root, 'below/dist/ground.js'))).toBe(true);
    expect(stale()).toEqual([]);
  });

  test('removes the output of a deleted source, so that an import of it fails', async () => {
    await build(root, say);
    rmSync(join(root, 'below/src/ground.ts'));
    write('below/src/soil.ts', 'export const soil = 1;\n');
    expect(orphans(root, 'below')).toEqual(['ground.d.ts', 'ground.js']);
    write('above/src/roof.ts', `${readFileSync(join(root, 'above/src/roof.ts'), 'utf8')}// touched\n`);
    await expect(build(root, say)).rejects.toThrow(/roof\.ts[\s\S]*ground\.js[\s\S]*The build failed/);
    expect(existsSync(join(root, 'below/dist/ground.js'))).toBe(false);
  });

  test('that fails is still due', async () => {
    write('above/src/roof.ts', 'export const roof: number = "straw";\n');
    await expect(build(root, say)).rejects.toThrow(/above\/src\/roof\.ts/);
    expect(isBuilt(root)).toBe(false);
  });
});

test.each([
  ['round.ts', true],
  ['rules/open.ts', true],
  ['round.test.ts', false],
  ['testing/exampleRound.ts', false],
  ['rules/testing/example.ts', false],
  ['contesting/a.ts', true],
  ['shim.d.ts', false],
  ['notes.md', false],
])('%s is compiled: %s', (path, expected) => {
  expect(isCompiled(path)).toBe(expected);
});
