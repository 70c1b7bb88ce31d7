import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { chaincodeArchive } from './chaincodeArchive.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'archive-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Unpacks with the machine's own tar; answers the files' names as it lists them. */
function unpack(archive: Buffer, name: string): string[] {
  writeFileSync(join(folder, name), archive);
  const options = { cwd: folder, encoding: 'utf8' } as const;
  execFileSync('tar', ['-xzf', name], options);
  return execFileSync('tar', ['-tzf', name], options).trim().split('\n');
}

describe('chaincodeArchive', () => {
  test('is what tar unpacks: the kind, and inside it the code that names the digest', () => {
    const archive = chaincodeArchive('consilium', 'ab'.repeat(32));
    expect(unpack(archive, 'outer.tgz')).toEqual(['metadata.json', 'code.tar.gz']);
    expect(JSON.parse(readFileSync(join(folder, 'metadata.json'), 'utf8'))).toEqual({
      type: 'ccaas',
      label: 'consilium',
    });
    expect(unpack(readFileSync(join(folder, 'code.tar.gz')), 'inner.tgz')).toEqual(['chaincode.json']);
    expect(JSON.parse(readFileSync(join(folder, 'chaincode.json'), 'utf8'))).toEqual({ digest: 'ab'.repeat(32) });
  });

  test('has the same bytes everywhere: no date, user, machine or compressor is in it', () => {
    const archive = chaincodeArchive('consilium', 'ab'.repeat(32));
    expect(chaincodeArchive('consilium', 'ab'.repeat(32))).toEqual(archive);
    expect(archive.subarray(0, 10).toString('hex')).toBe('1f8b08000000000000ff');
    expect(gunzipSync(archive).length % 512).toBe(0);
    expect(chaincodeArchive('consilium', 'ac'.repeat(32))).not.toEqual(archive);
  });

  test('is read whole by gzip when it is longer than one block of deflate', () => {
    const label = 'x'.repeat(70_000);
    const tar = gunzipSync(chaincodeArchive(label, 'ab'));
    expect(tar.includes(label)).toBe(true);
  });
});
