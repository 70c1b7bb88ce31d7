/** Every code that the contract can refuse with is shown by a test of this folder. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ERRORS } from '@consilium/domain';
import { expect, test } from '@jest/globals';

const ROOT = join(import.meta.dirname, '..', '..');

function textOf(folder: string, keep: (name: string) => boolean): string {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(keep);
  return names.map((name) => readFileSync(join(folder, name), 'utf8')).join('\n');
}

test('every refusal of the contract is shown, and none is made up', () => {
  const isSource = (name: string) => name.endsWith('.ts') && !name.endsWith('.test.ts');
  const source =
    textOf(join(ROOT, 'chaincode/contract/src'), isSource) +
    ['protocolRules', 'budget']
      .map((name) => readFileSync(join(ROOT, `chaincode/domain/src/${name}.ts`), 'utf8'))
      .join('\n');
  const thrown = new Set([...source.matchAll(/(?:refusal|ConsiliumError)\(\s*'([A-Z_]+)'/g)].map(([, code]) => code));
  const tests = textOf(import.meta.dirname, (name) => name.endsWith('.test.ts') && !name.startsWith('codes'));
  const shown = [...thrown].filter((code) => new RegExp(`\\b${code}\\b`).test(tests));
  expect(thrown.size).toBeGreaterThan(30);
  expect(shown.sort()).toEqual([...thrown].sort());
  expect([...thrown].filter((code) => !Object.hasOwn(ERRORS, code as string))).toEqual([]);
});
