import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Msp } from '@consilium/domain';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type TestAuthority, testAuthority, testCertificate } from '../../../test/support/testCertificates.js';
import { certificateRole } from './certificateRole.js';
import { readIdentity } from './ledgerIdentity.js';

const CLEVELAND = 'ClevelandMSP' as Msp;

let folder: string;
let authority: TestAuthority;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'identity-'));
  authority = await testAuthority(CLEVELAND);
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

describe('the role in a certificate', () => {
  test('is read from the attribute that the CA wrote', async () => {
    const { certPem } = await testCertificate(authority, { organisation: CLEVELAND, role: 'compliance-officer' });
    expect(certificateRole(certPem)).toBe('compliance-officer');
  });

  test('is none without the attribute, and none where the product knows no such role', async () => {
    const without = await testCertificate(authority, { organisation: CLEVELAND });
    const unknown = await testCertificate(authority, { organisation: CLEVELAND, role: 'emperor' });
    expect(certificateRole(without.certPem)).toBeUndefined();
    expect(certificateRole(unknown.certPem)).toBeUndefined();
  });

  test('is not taken from a subject that looks like the attribute', async () => {
    const { certPem } = await testCertificate(authority, {
      organisation: CLEVELAND,
      commonName: '{"attrs":{"consilium.role":"admin"}}',
    });
    expect(certificateRole(certPem)).toBeUndefined();
  });
});

describe('an identity', () => {
  test('is read from its two files', async () => {
    const { certPem, keyPem } = await testCertificate(authority, { organisation: CLEVELAND, role: 'researcher' });
    const identity = readIdentity(CLEVELAND, { certFile: file('cert.pem', certPem), keyFile: file('key.pem', keyPem) });
    expect(identity.identity.mspId).toBe(CLEVELAND);
    expect(identity.role).toBe('researcher');
    expect(identity.expiresAt).toBeGreaterThan(Date.now());
  });

  test('with the key of another certificate is refused by name of the file', async () => {
    const one = await testCertificate(authority, { organisation: CLEVELAND });
    const other = await testCertificate(authority, { organisation: CLEVELAND });
    const files = { certFile: file('one.pem', one.certPem), keyFile: file('other.pem', other.keyPem) };
    expect(() => readIdentity(CLEVELAND, files)).toThrow(/^CONFIGURATION_INVALID: .*other\.pem: not the key/);
  });

  test('with a key of another curve is refused: the channel would not take its signatures', () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
    const keyFile = file('wide.pem', privateKey.export({ type: 'pkcs8', format: 'pem' }) as string);
    const certFile = file('any.pem', authority.certPem);
    expect(() => readIdentity(CLEVELAND, { certFile, keyFile })).toThrow(
      /^CONFIGURATION_INVALID: .*wide\.pem: .*P-256/,
    );
  });

  test('a broken or missing file is named, and nothing of it is quoted', async () => {
    const { certPem } = await testCertificate(authority, { organisation: CLEVELAND });
    const certFile = file('good.pem', certPem);
    const keyFile = file('secret.pem', 'very secret');
    expect(() => readIdentity(CLEVELAND, { certFile, keyFile })).toThrow(/^CONFIGURATION_INVALID: .*secret\.pem/);
    expect(() => readIdentity(CLEVELAND, { certFile, keyFile })).not.toThrow(/very secret/);
    expect(() => readIdentity(CLEVELAND, { certFile, keyFile: join(folder, 'absent.pem') })).toThrow(/absent\.pem/);
  });
});
