import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { chaincodePackage } from './chaincodePackage.js';

let repository: string;

function write(path: string, content: string): void {
  mkdirSync(dirname(join(repository, path)), { recursive: true });
  writeFileSync(join(repository, path), content);
}

beforeEach(() => {
  repository = mkdtempSync(join(tmpdir(), 'package-'));
  write('chaincode/contract/dist/index.js', 'contract');
  write('chaincode/contract/dist/rules/a.js', 'a');
  write('chaincode/domain/dist/index.js', 'domain');
});

afterEach(() => rmSync(repository, { recursive: true, force: true }));

describe('chaincodePackage', () => {
  test('is the same for the same files, and its package id is that of the bytes that peers install', () => {
    const { digest, archive, packageId } = chaincodePackage(repository);
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
    expect(packageId).toBe(`consilium:${createHash('sha256').update(archive).digest('hex')}`);
    write('chaincode/contract/dist/index.d.ts', 'types do not run');
    write('chaincode/contract/dist/.tsbuildinfo', '{}');
    expect(chaincodePackage(repository).digest).toBe(digest);
  });

  test('changes with a byte, a name, a file more and a byte moved from one file to another', () => {
    const digests = new Set([chaincodePackage(repository).digest]);
    write('chaincode/contract/dist/rules/a.js', 'b');
    digests.add(chaincodePackage(repository).digest);
    write('chaincode/contract/dist/rules/b.js', '');
    digests.add(chaincodePackage(repository).digest);
    write('chaincode/contract/dist/rules/a.js', '');
    write('chaincode/contract/dist/rules/b.js', 'b');
    digests.add(chaincodePackage(repository).digest);
    rmSync(join(repository, 'chaincode/contract/dist/rules/a.js'));
    digests.add(chaincodePackage(repository).digest);
    expect(digests.size).toBe(5);
  });

  test('refuses a checkout that is not built', () => {
    rmSync(join(repository, 'chaincode/domain/dist'), { recursive: true });
    expect(() => chaincodePackage(repository)).toThrow(
      'BUILD_MISSING: chaincode/domain/dist/index.js is not built: npm run build',
    );
  });
});
