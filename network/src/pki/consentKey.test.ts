import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { keepOrMakeConsentKey } from './consentKey.js';

describe('the key of a consent store', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'consent-key-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('is 32 random bytes in hexadecimal digits, for its owner alone', () => {
    const [one, two] = [join(folder, 'one.key'), join(folder, 'two.key')];
    keepOrMakeConsentKey(one);
    keepOrMakeConsentKey(two);
    expect(readFileSync(one, 'utf8')).toMatch(/^[0-9a-f]{64}$/);
    expect(readFileSync(two, 'utf8')).not.toBe(readFileSync(one, 'utf8'));
    expect(statSync(one).mode & 0o777).toBe(0o600);
  });

  test('is never replaced, whatever the file holds', () => {
    const file = join(folder, 'consent.key');
    writeFileSync(file, 'not a key');
    keepOrMakeConsentKey(file);
    expect(readFileSync(file, 'utf8')).toBe('not a key');
  });
});
