import { createPublicKey, verify } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StudyId } from '@consilium/domain';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { FileReceiptKeys } from './receiptKeys.js';

const HEART = 'heart' as StudyId;
/** SubjectPublicKeyInfo of Ed25519 up to the key (RFC 8410). */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

let folder: string;
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'keys-')), 'receipts');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function holds(publicKey: string, payload: string, signature: string): boolean {
  const key = createPublicKey({
    key: Buffer.concat([SPKI_PREFIX, Buffer.from(publicKey, 'base64')]),
    format: 'der',
    type: 'spki',
  });
  return verify(null, Buffer.from(payload), key, Buffer.from(signature, 'base64'));
}

describe('receipt keys', () => {
  test('sign so that the raw public key verifies, in the lengths that the channel takes', async () => {
    const keys = new FileReceiptKeys(folder);
    const publicKey = await keys.publicKey(HEART);
    const signature = await keys.sign(HEART, 'payload');
    expect(publicKey).toHaveLength(44);
    expect(signature).toHaveLength(88);
    expect(holds(publicKey, 'payload', signature)).toBe(true);
    expect(holds(publicKey, 'other', signature)).toBe(false);
  });

  test('stay the same after a restart, differ between studies, and are readable by the gateway alone', async () => {
    const first = await new FileReceiptKeys(folder).publicKey(HEART);
    expect(await new FileReceiptKeys(folder).publicKey(HEART)).toBe(first);
    expect(await new FileReceiptKeys(folder).publicKey('lung' as StudyId)).not.toBe(first);
    expect(statSync(join(folder, 'heart.key')).mode & 0o777).toBe(0o600);
  });

  test('two that ask at once get one key', async () => {
    const found = await Promise.all(Array.from({ length: 8 }, () => new FileReceiptKeys(folder).publicKey(HEART)));
    expect(new Set(found).size).toBe(1);
    expect(readdirSync(folder)).toEqual(['heart.key']);
  });

  test('a study that is a path makes no file', async () => {
    await expect(new FileReceiptKeys(folder).publicKey('../heart' as StudyId)).rejects.toThrow();
  });
});
