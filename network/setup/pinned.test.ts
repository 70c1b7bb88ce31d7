import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => JSON.parse(readFileSync(join(ROOT, path), 'utf8'));
const root: { workspaces: string[] } = read('package.json');

describe('two clones are the same program', () => {
  test.each(['.', ...root.workspaces])('%s names exact versions only', (folder) => {
    const { dependencies = {}, devDependencies = {} } = read(join(folder, 'package.json'));
    const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(
      ([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(String(version)),
    );
    expect(loose).toEqual([]);
  });

  test('every workspace is built, and every built folder is a workspace', () => {
    const references: { path: string }[] = read('tsconfig.json').references;
    expect(references.map(({ path }) => path.replace('./', '')).sort()).toEqual([...root.workspaces].sort());
  });

  test('the lockfile has a digest for every package and no address of a registry', () => {
    const packages: Record<string, { resolved?: string; integrity?: string; link?: boolean; inBundle?: boolean }> =
      read('package-lock.json').packages;
    const fetched = Object.entries(packages).filter(([path, { link }]) => path.includes('node_modules/') && !link);
    expect(fetched.length).toBeGreaterThan(0);
    expect(fetched.filter(([, { integrity, inBundle }]) => !integrity && !inBundle)).toEqual([]);
    expect(fetched.filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
  });
});
