import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JoinKeys, StudyId } from '@consilium/domain';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { FileRoundSecrets } from './roundSecrets.js';

const STUDY = 'heart' as StudyId;
const bytes = (length = 32) => Uint8Array.from(randomBytes(length));
const base64 = (content: Uint8Array) => Buffer.from(content).toString('base64');

const keys: JoinKeys = {
  maskKey: base64(bytes()),
  selfMaskHash: base64(bytes()),
  encapsulated: base64(bytes()),
  dealt: [base64(bytes(114))],
  next: { index: 1, publicKey: base64(bytes()) },
};

describe('secrets of private rounds', () => {
  let folder: string;
  let secrets: FileRoundSecrets;
  const files = () => readdirSync(join(folder, STUDY)).sort();
  const everything = () => Buffer.concat(files().map((name) => readFileSync(join(folder, STUDY, name))));
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'round-secrets-'));
    secrets = new FileRoundSecrets(folder);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('are kept once, and found again by another process', async () => {
    const dealt = { selfMask: bytes(), maskKey: bytes(), keys };
    expect(await secrets.stateOf(STUDY, 3)).toBeUndefined();
    await secrets.keepDealt(STUDY, 3, dealt);
    const again = new FileRoundSecrets(folder);
    expect(await again.stateOf(STUDY, 3)).toBe('dealt');
    expect(await again.dealt(STUDY, 3)).toEqual(dealt);
    expect(await again.masked(STUDY, 3)).toBeUndefined();
    await expect(again.keepDealt(STUDY, 3, { ...dealt, selfMask: bytes() })).rejects.toThrow('kept already');
    expect((await again.dealt(STUDY, 3))?.selfMask).toEqual(dealt.selfMask);
  });

  test('go in the same write that keeps the masked vector', async () => {
    const dealt = { selfMask: bytes(), maskKey: bytes(), keys };
    const vector = bytes(4_000);
    await secrets.keepDealt(STUDY, 3, dealt);
    await secrets.keepMasked(STUDY, 3, vector);
    expect(await secrets.stateOf(STUDY, 3)).toBe('masked');
    expect(await secrets.dealt(STUDY, 3)).toBeUndefined();
    expect(await secrets.masked(STUDY, 3)).toEqual(vector);
    for (const secret of [dealt.selfMask, dealt.maskKey]) {
      expect(everything().includes(Buffer.from(secret))).toBe(false);
      expect(everything().includes(base64(secret))).toBe(false);
    }
  });

  test('have share keys by index, the first of which stays', async () => {
    const [one, two] = [bytes(), bytes()];
    expect(await secrets.keepShareKey(STUDY, 0, one)).toEqual(one);
    expect(await secrets.keepShareKey(STUDY, 0, two)).toEqual(one);
    expect(await secrets.keepShareKey(STUDY, 10, two)).toEqual(two);
    expect(await secrets.shareKeys(STUDY)).toEqual([0, 10]);
    expect(await secrets.shareKey(STUDY, 1)).toBeUndefined();
  });

  test('are destroyed where nothing needs them, and nothing else', async () => {
    const key = bytes();
    await secrets.keepShareKey(STUDY, 0, key);
    await secrets.keepShareKey(STUDY, 1, bytes());
    await secrets.keepDealt(STUDY, 3, { selfMask: bytes(), maskKey: bytes(), keys });
    await secrets.keepMasked(STUDY, 4, bytes(8));
    await secrets.destroy(STUDY, [0, 7], [3]);
    expect(await secrets.shareKeys(STUDY)).toEqual([1]);
    expect(await secrets.rounds(STUDY)).toEqual([4]);
    expect(everything().includes(Buffer.from(key))).toBe(false);
    await secrets.destroy(STUDY, [1], [4]);
    expect(files()).toEqual([]);
  });

  test('are for their owner alone, study by study', async () => {
    await secrets.keepShareKey(STUDY, 0, bytes());
    expect(statSync(join(folder, STUDY, 'share-0.key')).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, STUDY)).mode & 0o777).toBe(0o700);
    expect(await secrets.shareKeys('lung' as StudyId)).toEqual([]);
    await expect(secrets.stateOf('../heart' as StudyId, 1)).rejects.toThrow('study id');
  });

  test('that are damaged are an error, never other secrets', async () => {
    await secrets.keepDealt(STUDY, 3, { selfMask: bytes(), maskKey: bytes(), keys });
    writeFileSync(join(folder, STUDY, 'round-3.secret'), Buffer.from('D{"selfMask":"AAAA","maskKey":"AAAA"}'));
    await expect(secrets.dealt(STUDY, 3)).rejects.toThrow('damaged');
    writeFileSync(join(folder, STUDY, 'share-0.key'), 'short');
    expect(await secrets.shareKey(STUDY, 0)).toBeUndefined();
  });
});
