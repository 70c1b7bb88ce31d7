import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { isSupportedNode } from './nodeVersion.mjs';

const VERB = fileURLToPath(new URL('verb.mjs', import.meta.url));

describe('the Node that runs us', () => {
  test.each(['20.19.0', '20.20.2', '22.12.0', '22.23.1', '23.0.0', '24.21.0', '26.1.0'])(
    '%s is new enough',
    (version) => {
      expect(isSupportedNode(version)).toBe(true);
    },
  );

  test.each(['14.21.3', '18.20.8', '20.18.3', '21.7.3', '22.11.0'])('%s is not', (version) => {
    expect(isSupportedNode(version)).toBe(false);
  });

  test('an old one is told what to install, with exit code 1 and before anything else is done', () => {
    const pretend = 'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "18.20.8" } })';
    const result = spawnSync(process.execPath, ['--import', `data:text/javascript,${pretend}`, VERB, 'demo'], {
      encoding: 'utf8',
    });
    expect(result.status).toBe(1);
    expect(result.stdout).toBe('');
    expect(result.stderr).toBe(
      'NODE_TOO_OLD: Node 18.20.8 does not run Consilium: install 20.19 or a later 20, or 22.12 or newer, and try again\n',
    );
  });

  test('what an old Node has to parse has no newer syntax and loads the rest only on demand', () => {
    for (const name of ['verb.mjs', 'nodeVersion.mjs']) {
      const text = readFileSync(fileURLToPath(new URL(name, import.meta.url)), 'utf8');
      expect(text).not.toMatch(/\?\?|\?\.|import\.meta|^await/m);
      const imported = [...text.matchAll(/^import .* from '(.*)'/gm)].map((found) => found[1]);
      expect(imported.filter((path) => path !== './nodeVersion.mjs')).toEqual([]);
    }
  });
});
