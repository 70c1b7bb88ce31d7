import { appendFileSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Home } from './home.js';
import { followLog, partLog } from './networkLogs.js';

let home: Home;

beforeEach(() => {
  home = new Home(mkdtempSync(join(tmpdir(), 'logs-')));
  home.writeClaim({ channel: 'embedded', hospitals: [{ msp: 'VAMSP', name: 'VA Long Beach', slug: 'va' }], ports: {} });
  mkdirSync(home.logFolder);
  writeFileSync(home.logFile('VAMSP-gateway'), 'one\ntwo\n');
  writeFileSync(home.logFile('channel-embedded'), 'up\n');
});

afterEach(() => rmSync(home.root, { recursive: true, force: true }));

describe('partLog', () => {
  test('finds a hospital by MSP id, name or short name, and the channel', () => {
    for (const hospital of ['VAMSP', 'vamsp', 'VA Long Beach', 'va']) {
      expect(partLog(home.root, hospital, 'Gateway').tail(1)).toEqual(['two']);
    }
    expect(partLog(home.root, 'channel', 'embedded').tail(1)).toEqual(['up']);
  });

  test('names the logs that there are when asked for another, and reaches no file outside', () => {
    expect(() => partLog(home.root, 'Utrecht', 'gateway')).toThrow(
      'PART_UNKNOWN: there is no log of Utrecht gateway: there are VAMSP gateway, channel embedded',
    );
    writeFileSync(join(home.root, 'secret-gateway.log'), 'secret');
    expect(() => partLog(home.root, '../secret', 'gateway')).toThrow(/^PART_UNKNOWN/);
    expect(() => partLog(home.root, 'va', '../../x')).toThrow(/^PART_UNKNOWN/);
  });
});

describe('followLog', () => {
  test('hands on what is appended, also after the log was cut', async () => {
    const path = home.logFile('VAMSP-gateway');
    const stop = new AbortController();
    let text = '';
    const heard = async (expected: string) => {
      const deadline = Date.now() + 4_000;
      while (!text.includes(expected) && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
    };
    const following = followLog(
      path,
      (part) => {
        text += part;
      },
      stop.signal,
    );
    appendFileSync(path, 'three\n');
    await heard('three');
    truncateSync(path);
    appendFileSync(path, 'four\n');
    await heard('four');
    stop.abort();
    await following;
    expect(text).toBe('three\nfour\n');
  });
});
