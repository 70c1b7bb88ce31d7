import { describe, expect, test } from '@jest/globals';
import { optionValue, programArguments, splitArguments } from './demo.mjs';

describe("the user's arguments", () => {
  test.each([
    [['--home', '/a'], '/a'],
    [['--home=/a'], '/a'],
    [['--home', '/a', '--home=/b'], '/b'],
    [['--homes', '/a'], undefined],
    [[], undefined],
  ])('the value of --home in %j', (args, expected) => {
    expect(optionValue(args, '--home')).toBe(expected);
  });

  test('an option takes its value along, a flag does not', () => {
    expect(splitArguments(['--seed', '7', '--fresh', '--engine=wasm', '--keep'], ['--seed', '--fresh'])).toEqual({
      own: ['--seed', '7', '--fresh'],
      others: ['--engine=wasm', '--keep'],
    });
  });

  test('a value that looks like an option stays a value', () => {
    expect(splitArguments(['--study', '--seed', 'x'], ['--seed'])).toEqual({
      own: [],
      others: ['--study', '--seed', 'x'],
    });
  });

  test('each program gets what it knows; the launcher the prepared topology, whatever the user named', () => {
    const args = ['--seed', '7', '--engine', 'wasm', '--topology', 'mine.json', '--fresh', '--keep', '--home', '/h'];
    expect(programArguments(args, {})).toEqual({
      home: '/h',
      demo: ['--seed', '7', '--engine', 'wasm', '--topology', 'mine.json', '--fresh', '--keep', '--home', '/h'],
      launcher: ['--home', '/h', '--topology', '/h/topology.json', '--engine', 'wasm', '--fresh'],
    });
  });

  test('the kind of channel reaches both: who brings it up, and who reports on it', () => {
    const { demo, launcher } = programArguments(['--channel', 'fabric', '--channel-only'], { CONSILIUM_HOME: '/h' });
    expect(demo).toEqual(['--channel', 'fabric', '--home', '/h']);
    expect(launcher).toEqual([
      ...['--home', '/h', '--topology', '/h/topology.json', '--channel', 'fabric'],
      '--channel-only',
    ]);
  });

  test('what only the launcher knows is kept from the demo', () => {
    const { demo, launcher } = programArguments(['--log-level=debug', '--detach'], { CONSILIUM_HOME: '/h' });
    expect(demo).toEqual(['--home', '/h']);
    expect(launcher).toEqual(['--home', '/h', '--topology', '/h/topology.json', '--log-level=debug', '--detach']);
  });
});
