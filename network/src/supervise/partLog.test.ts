import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { PartLog } from './partLog.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'log-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('PartLog', () => {
  test('cuts a log that is too long, while whoever writes into it goes on at the start', () => {
    const log = new PartLog(join(folder, 'a', 'part.log'), 1_000);
    log.withDescriptor((descriptor) => {
      writeSync(descriptor, 'x'.repeat(900));
      log.limit();
      expect(statSync(log.path).size).toBe(900);
      writeSync(descriptor, 'y'.repeat(200));
      log.limit();
      writeSync(descriptor, 'after\n');
    });
    expect(readFileSync(log.path, 'utf8')).toBe('after\n');
    expect(statSync(`${log.path}.1`).size).toBe(1_100);
    expect(statSync(log.path).mode & 0o777).toBe(0o600);
  });

  test('shows the last lines, and none of a log that does not exist', () => {
    const log = new PartLog(join(folder, 'part.log'));
    expect(log.tail(3)).toEqual([]);
    writeFileSync(log.path, 'one\ntwo\nthree\nfour\n');
    expect(log.tail(2)).toEqual(['three', 'four']);
    expect(log.tail(10)).toHaveLength(4);
    expect(log.tail(0)).toEqual([]);
  });
});
