import { describe, expect, test } from '@jest/globals';
import { launcherArguments, optionValue } from './demo.mjs';

describe("the user's arguments", () => {
  test.each([
    [['--home', '/a'], '/a'],
    [['--home=/a'], '/a'],
    [['--home', '/a', '--home=/b'], '/b'],
    [['--homes', '/a'], undefined],
    [[], undefined],
  ])('%j', (args, expected) => {
    expect(optionValue(args, '--home')).toBe(expected);
  });

  test('the launcher gets its own home, the prepared topology, and of the rest only what it knows', () => {
    const args = ['--seed', '7', '--engine', 'wasm', '--topology', 'mine.json', '--fresh', '--keep'];
    expect(launcherArguments(args, '/h')).toEqual([
      '--home',
      '/h',
      '--topology',
      '/h/topology.json',
      '--engine',
      'wasm',
      '--fresh',
    ]);
    expect(launcherArguments([], '/h')).toEqual(['--home', '/h', '--topology', '/h/topology.json']);
  });
});
