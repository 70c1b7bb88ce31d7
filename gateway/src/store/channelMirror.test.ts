import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Digest, type Msp, sha256Hex } from '@consilium/domain';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Log } from '../agent/ports.js';
import { bindToChain } from './chainBinding.js';
import { ChannelMirror, type MirroredTransaction } from './channelMirror.js';
import { Holdings } from './holdings.js';
import { openForMirror, openStore } from './schema.js';

const CLEVELAND = 'ClevelandMSP' as Msp;
const OWNER = { msp: CLEVELAND, channel: 'consilium' };
const log: Log = { info: () => {}, warn: () => {}, error: jest.fn<Log['error']>() };

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mirror-'));
  file = join(folder, 'hospital.db');
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(block: number, transactionId: string, ...writes: [string, unknown][]): MirroredTransaction {
  return { block, transactionId, writes: writes.map(([key, value]) => ({ key, value })) };
}

describe('the mirror of the channel', () => {
  test('gives values and ranges in byte order, the newest write of a key winning', () => {
    const mirror = new ChannelMirror(openStore(file, OWNER), CLEVELAND, log);
    mirror.take([
      write(4, 'a', ['round~heart~0000000002', { n: 2 }], ['round~heart~0000000010', { n: 10 }], ['study~é', 1]),
      write(4, 'b', ['round~heart~0000000002', { n: 'two' }]),
    ]);
    expect(mirror.height()).toBe(5);
    expect(mirror.range('round~heart~', 'round~heart~\u007f')).toEqual([
      { key: 'round~heart~0000000002', value: { n: 'two' } },
      { key: 'round~heart~0000000010', value: { n: 10 } },
    ]);
    expect(mirror.get('round~heart~0000000003')).toBeUndefined();
    expect(mirror.recordOf('round~heart~0000000002')).toEqual({ block: 4, transactionId: 'b' });
    expect(mirror.blockOf('a')).toBe(4);
    expect(mirror.blockOf('c')).toBeUndefined();
  });

  test('shows a key that was asked for before it was written', () => {
    const mirror = new ChannelMirror(openStore(file, OWNER), CLEVELAND, log);
    expect(mirror.get('study~heart')).toBeUndefined();
    mirror.take([write(1, 'a', ['study~heart', { versions: 1 }])]);
    expect(mirror.get('study~heart')).toEqual({ versions: 1 });
  });

  test('gives frozen values, since many readers share them', () => {
    const mirror = new ChannelMirror(openStore(file, OWNER), CLEVELAND, log);
    mirror.take([write(1, 'a', ['study~heart', { members: ['A'] }])]);
    expect(() => (mirror.get('study~heart') as { members: string[] }).members.push('B')).toThrow(TypeError);
  });

  test('goes on after a restart where it was, and forgets all when cleared', () => {
    const database = openStore(file, OWNER);
    new ChannelMirror(database, CLEVELAND, log).take([write(7, 'a', ['study~heart', 1])]);
    database.close();
    const again = new ChannelMirror(openStore(file, OWNER), CLEVELAND, log);
    expect(again.checkpoint()).toEqual({ block: 7, transactionId: 'a' });
    expect(again.get('study~heart')).toBe(1);
    again.clear();
    expect(again.checkpoint()).toBeUndefined();
    expect(again.height()).toBe(0);
    expect(again.get('study~heart')).toBeUndefined();
  });

  test('takes in all of a block or nothing of it', () => {
    const mirror = new ChannelMirror(openStore(file, OWNER), CLEVELAND, log);
    const cyclic: Record<string, unknown> = {};
    cyclic.self = cyclic;
    expect(() => mirror.take([write(3, 'a', ['x', 1]), write(3, 'b', ['y', cyclic])])).toThrow();
    expect(mirror.get('x')).toBeUndefined();
    expect(mirror.checkpoint()).toBeUndefined();
  });

  test('tells every listener, also when one of them fails', () => {
    const mirror = new ChannelMirror(openStore(file, OWNER), CLEVELAND, log);
    const heard: number[] = [];
    mirror.onChange(() => {
      throw new Error('broken');
    });
    const stop = mirror.onChange(() => heard.push(mirror.height()));
    mirror.take([write(1, 'a', ['x', 1])]);
    stop();
    mirror.take([write(2, 'b', ['x', 2])]);
    expect(heard).toEqual([2]);
    expect(log.error).toHaveBeenCalled();
  });

  test('through a connection of its own is seen by every other', () => {
    const database = openStore(file, OWNER);
    const mirror = new ChannelMirror(openForMirror(file), CLEVELAND, log);
    mirror.take([write(1, 'a', ['model~heart~0000000001', { digest: sha256Hex('model') }])]);
    expect(new Holdings(database).studiesOf(sha256Hex('model') as Digest)).toEqual(['heart']);
    expect(new ChannelMirror(database, CLEVELAND, log).height()).toBe(2);
  });

  test('is not opened for another hospital or another channel', () => {
    openStore(file, OWNER).close();
    expect(() => openStore(file, { msp: 'HungaryMSP', channel: 'consilium' })).toThrow(/^CONFIGURATION_INVALID: .*msp/);
    expect(() => openStore(file, { msp: CLEVELAND, channel: 'other' })).toThrow(/^CONFIGURATION_INVALID: .*channel/);
  });
});

describe('a database', () => {
  test('stays with the chain that it met first', () => {
    const database = openStore(file, OWNER);
    bindToChain(database, file, 'a'.repeat(64));
    bindToChain(database, file, 'a'.repeat(64));
    expect(() => bindToChain(database, file, 'b'.repeat(64))).toThrow(/^CONFIGURATION_INVALID: .*hospital\.db.*bbbb/);
  });
});

describe('which study bytes belong to', () => {
  const vector = sha256Hex('vector') as Digest;
  const contribution = (study: string, msp: string) =>
    [`contribution~${study}~0000000002~${msp}`, { vectorDigest: vector }] as [string, unknown];

  test('what this hospital signed counts, what others name does not while something of its own does', () => {
    const database = openStore(file, OWNER);
    const mirror = new ChannelMirror(database, CLEVELAND, log);
    const holdings = new Holdings(database);
    mirror.take([write(1, 'a', contribution('heart', 'ClevelandMSP')), write(1, 'b', contribution('lung', 'VaMSP'))]);
    mirror.take([write(2, 'c', ['model~lung~0000000002', { digest: vector }])]);
    expect(holdings.studiesOf(vector)).toEqual(['heart']);
  });

  test('what it accepted from a member counts', () => {
    const database = openStore(file, OWNER);
    const holdings = new Holdings(database);
    new ChannelMirror(database, CLEVELAND, log).take([write(1, 'b', contribution('lung', 'VaMSP'))]);
    holdings.accept(vector, 'heart' as never);
    expect(holdings.studiesOf(vector)).toEqual(['heart']);
  });

  test('a version that t members recorded counts where nothing else ties it', () => {
    const database = openStore(file, OWNER);
    new ChannelMirror(database, CLEVELAND, log).take([
      write(1, 'a', ['model~heart~0000000001', { digest: vector }]),
      write(1, 'b', ['attestation~lung~0000000001~VaMSP', { outcome: { kind: 'none', reason: 'ZERO_WEIGHT' } }]),
    ]);
    expect(new Holdings(database).studiesOf(vector)).toEqual(['heart']);
    expect(new Holdings(database).studiesOf(sha256Hex('unknown') as Digest)).toEqual([]);
  });
});
