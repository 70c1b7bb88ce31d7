import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { withLock } from './lock.mjs';

let folder: string;
let file: string;
const silent = () => {};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'consilium-lock-'));
  file = join(folder, 'lock');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the lock of the set-up', () => {
  test('lets one in at a time, tells the others whom they wait for, and is gone afterwards', async () => {
    const told: string[] = [];
    const order: string[] = [];
    const work = (name: string) => async () => {
      order.push(`${name} in`);
      await sleep(50);
      order.push(`${name} out`);
    };
    await Promise.all([
      withLock(file, (text) => told.push(text), work('first')),
      withLock(file, (text) => told.push(text), work('second')),
    ]);
    expect(order).toEqual(['first in', 'first out', 'second in', 'second out']);
    expect(told).toEqual([`waiting for another set-up (process ${process.pid})`]);
    expect(existsSync(file)).toBe(false);
  });

  test('gives back what the work gives, and is released when the work fails', async () => {
    await expect(withLock(file, silent, async () => 7)).resolves.toBe(7);
    await expect(
      withLock(file, silent, async () => {
        throw new Error('no disk');
      }),
    ).rejects.toThrow('no disk');
    expect(existsSync(file)).toBe(false);
  });

  test('is taken over from a process that died, by exactly one of those who wait', async () => {
    writeFileSync(file, JSON.stringify({ pid: 2 ** 22 + 1, host: hostname() }));
    let inside = 0;
    let most = 0;
    const work = async () => {
      inside += 1;
      most = Math.max(most, inside);
      expect(JSON.parse(readFileSync(file, 'utf8')).pid).toBe(process.pid);
      await sleep(20);
      inside -= 1;
    };
    await Promise.all([1, 2, 3].map(() => withLock(file, silent, work)));
    expect(most).toBe(1);
  });

  test('of before the last boot belongs to nobody, whoever has its process number now', async () => {
    writeFileSync(file, JSON.stringify({ pid: process.pid, host: hostname() }));
    utimesSync(file, 1, 1);
    await expect(withLock(file, silent, async () => 'in')).resolves.toBe('in');
  });

  test('of another machine is respected', async () => {
    writeFileSync(file, JSON.stringify({ pid: 1, host: 'elsewhere' }));
    let isIn = false;
    const waiting = withLock(file, silent, async () => {
      isIn = true;
    });
    await sleep(300);
    expect(isIn).toBe(false);
    rmSync(file);
    await waiting;
    expect(isIn).toBe(true);
  });
});
