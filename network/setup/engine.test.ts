import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { isEngineSettled, isStampValid, settleEngine } from './engine.mjs';
import { isWithinReach } from './reach.mjs';

jest.setTimeout(180_000);
const HOUR_MS = 3_600_000;

describe('whether it is known which engine this clone has', () => {
  const now = { key: 'k', hasParts: true, nowMs: 100 * HOUR_MS, isPresent: () => false };
  const native = { key: 'k', engine: 'tfjs-node' as const, settledMs: 0 };
  const wasm = { key: 'k', engine: 'wasm' as const, reason: 'no network', missing: [], settledMs: 90 * HOUR_MS };

  test('tfjs-node: as long as its parts are there and its version is the same', () => {
    expect(isStampValid(native, now)).toBe(true);
    expect(isStampValid(native, { ...now, hasParts: false })).toBe(false);
    expect(isStampValid(native, { ...now, key: 'newer' })).toBe(false);
  });

  test('wasm for want of a network: for a day', () => {
    expect(isStampValid(wasm, now)).toBe(true);
    expect(isStampValid(wasm, { ...now, nowMs: 115 * HOUR_MS })).toBe(false);
  });

  test('wasm for want of tools: until all of them are there', () => {
    const stamp = { ...wasm, missing: ['python3', 'g++'], settledMs: 0 };
    expect(isStampValid(stamp, now)).toBe(true);
    expect(isStampValid(stamp, { ...now, isPresent: (program) => program === 'g++' })).toBe(true);
    expect(isStampValid(stamp, { ...now, isPresent: () => true })).toBe(false);
  });
});

describe('getting the engine', () => {
  let root: string;
  let told: string[];
  const say = (text: string) => told.push(text);
  const packageFolder = () => join(root, 'node_modules/@tensorflow/tfjs-node');

  /** A package that computes once its two parts are there, as the real one does, and whose host is nowhere. */
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'consilium-engine-'));
    told = [];
    mkdirSync(join(packageFolder(), 'scripts'), { recursive: true });
    const facts = { version: '0.0.1', main: 'index.cjs', binary: { host: 'https://localhost:9/' } };
    writeFileSync(join(packageFolder(), 'package.json'), JSON.stringify(facts));
    const program = `
      const { readFileSync } = require('node:fs');
      if (readFileSync(__dirname + '/lib/part', 'utf8') + readFileSync(__dirname + '/deps/part', 'utf8') !== 'goodgood') throw 1;
      const data = async () => [6];
      module.exports = { getBackend: () => 'tensorflow', scalar: (x) => x, grad: () => () => ({ data }) };`;
    writeFileSync(join(packageFolder(), 'index.cjs'), program);
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const environment = () => ({ XDG_CACHE_HOME: join(root, 'cache'), PATH: '' });
  const cached = () => join(root, 'cache/consilium', `tfjs-node-0.0.1-${process.platform}-${process.arch}`);
  const fill = (folder: string, content: string) => {
    for (const part of ['lib', 'deps']) {
      mkdirSync(join(folder, part), { recursive: true });
      writeFileSync(join(folder, part, 'part'), content);
    }
  };

  test('takes what another clone has left in the cache', async () => {
    fill(cached(), 'good');
    await settleEngine(root, environment(), say);
    expect(isEngineSettled(root, environment())).toBe(true);
    expect(lstatSync(join(packageFolder(), 'lib')).isSymbolicLink()).toBe(true);
    expect(told).toEqual([]);
  });

  test('leaves an install inside the package alone when it computes', async () => {
    fill(packageFolder(), 'good');
    await settleEngine(root, environment(), say);
    expect(lstatSync(join(packageFolder(), 'lib')).isDirectory()).toBe(true);
    expect(isEngineSettled(root, environment())).toBe(true);
  });

  test('without host and tools: says so in one line, removes what does not compute, goes on with wasm', async () => {
    fill(cached(), 'broken');
    await settleEngine(root, environment(), say);
    expect(told).toEqual([expect.stringMatching(/^tfjs-node cannot be had here \(.*\): models train on wasm[^\n]*$/)]);
    expect(existsSync(cached())).toBe(false);
    expect(existsSync(join(packageFolder(), 'lib'))).toBe(false);
    expect(isEngineSettled(root, environment())).toBe(true);
  });

  test("runs the package's own script when its host answers, and keeps the result for other clones", async () => {
    const host = createServer().listen(0, 'localhost');
    await new Promise((resolve) => host.once('listening', resolve));
    const facts = readFileSync(join(packageFolder(), 'package.json'), 'utf8');
    const script = `
      const { mkdirSync, writeFileSync } = require('node:fs');
      for (const part of ['lib', 'deps']) { mkdirSync(part, { recursive: true }); writeFileSync(part + '/part', 'good'); }
      writeFileSync('package.json', '{}');`;
    writeFileSync(join(packageFolder(), 'scripts/install.js'), script);
    const { port } = host.address() as AddressInfo;
    await settleEngine(root, { ...environment(), TFJS_NODE_CDN_STORAGE: `https://localhost:${port}/` }, say);
    host.close();
    expect(told).toEqual(['fetching the engine of tfjs-node']);
    expect(readFileSync(join(cached(), 'lib/part'), 'utf8')).toBe('good');
    expect(readFileSync(join(packageFolder(), 'package.json'), 'utf8')).toBe(facts);
    expect(isEngineSettled(root, environment())).toBe(true);
  });

  test('is due again when the cache was emptied', async () => {
    fill(cached(), 'good');
    await settleEngine(root, environment(), say);
    rmSync(cached(), { recursive: true });
    expect(isEngineSettled(root, environment())).toBe(false);
  });

  test('a link that dangles does not stop a new one', async () => {
    symlinkSync(join(root, 'nowhere'), join(packageFolder(), 'lib'));
    fill(cached(), 'good');
    await settleEngine(root, environment(), say);
    expect(isEngineSettled(root, environment())).toBe(true);
  });
});

describe('whether a host is within reach', () => {
  test('directly, and not when nothing listens', async () => {
    const host = createServer().listen(0, 'localhost');
    await new Promise((resolve) => host.once('listening', resolve));
    const address = `https://localhost:${(host.address() as AddressInfo).port}/`;
    await expect(isWithinReach(address, {})).resolves.toBe(true);
    await new Promise((resolve) => host.close(resolve));
    await expect(isWithinReach(address, {})).resolves.toBe(false);
  });

  test.each([
    [200, true],
    [403, false],
  ])('through a proxy that answers %i: %s', async (status, expected) => {
    const asked: (string | undefined)[] = [];
    const proxy = createServer().listen(0, 'localhost');
    proxy.on('connect', (request, socket) => {
      asked.push(request.url);
      socket.end(`HTTP/1.1 ${status} .\r\n\r\n`);
    });
    await new Promise((resolve) => proxy.once('listening', resolve));
    const HTTPS_PROXY = `http://localhost:${(proxy.address() as AddressInfo).port}`;
    await expect(isWithinReach('https://host.invalid/x', { HTTPS_PROXY })).resolves.toBe(expected);
    expect(asked).toEqual(['host.invalid:443']);
    proxy.close();
  });
});
