import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { lockHolder, takeLauncherLock } from './launcherLock.js';
import { identityOf } from './supervise/processIdentity.js';

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lock-'));
  file = join(folder, 'home', 'launcher.lock');
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('takeLauncherLock', () => {
  test('is held by one, and free again afterwards', () => {
    const release = takeLauncherLock(file);
    expect(lockHolder(file)).toEqual(identityOf(process.pid));
    expect(() => takeLauncherLock(file)).toThrow(/^NETWORK_RUNNING: /);
    release();
    expect(existsSync(file)).toBe(false);
    takeLauncherLock(file)();
  });

  test('is taken over from a launcher that is gone, and from a file that names none', () => {
    takeLauncherLock(file)();
    for (const content of [JSON.stringify({ pid: process.pid, started: 'at another time' }), 'not JSON', '']) {
      writeFileSync(file, content);
      const release = takeLauncherLock(file);
      expect(lockHolder(file)?.pid).toBe(process.pid);
      release();
    }
  });

  test('a late release does not take the lock from the next holder', () => {
    const release = takeLauncherLock(file);
    const other = JSON.stringify({ pid: 1, started: 'long ago' });
    writeFileSync(file, other);
    release();
    expect(lockHolder(file)).toEqual({ pid: 1, started: 'long ago' });
  });
});
