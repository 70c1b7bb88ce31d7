import { createHash, X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { HospitalFolder } from './hospitalFolder.js';
import {
  completeHospitalPki,
  PERSON_LIFETIME_MS,
  PERSON_NAMES,
  PERSON_RENEWAL_MS,
  TOKEN_HOLDERS,
} from './hospitalPki.js';
import { isLowS } from './keys.js';
import { tokenSha256 } from './token.js';

const DAY_MS = 86_400_000;
const NOW = new Date('2026-03-01T12:00:00Z');

let home: string;
let folder: HospitalFolder;

const complete = (now = NOW, mayCreateAuthorities = true) =>
  completeHospitalPki(folder, { msp: 'ClevelandMSP', slug: 'cleveland', now, mayCreateAuthorities });

const certificate = (file: string) => new X509Certificate(readFileSync(file));

/** Every file below the hospital's folder, with the digest of its bytes. */
function snapshot(): Map<string, string> {
  const files = readdirSync(folder.root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((entry) => join(entry.parentPath, entry.name)).sort();
  return new Map(paths.map((path) => [path, createHash('sha256').update(readFileSync(path)).digest('hex')]));
}

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'pki-'));
  folder = new HospitalFolder(join(home, 'ClevelandMSP'));
});

afterEach(() => rmSync(home, { recursive: true, force: true }));

describe('completeHospitalPki', () => {
  test('issues certificates that chain to the right CA, with unit, role attribute and names', async () => {
    await complete();
    const ca = certificate(folder.authority.certificate);
    const tlsCa = certificate(folder.tlsAuthority.certificate);
    expect(ca.ca).toBe(true);
    expect(ca.checkIssued(ca) && tlsCa.checkIssued(tlsCa)).toBe(true);

    const researcher = certificate(folder.person('researcher').certificate);
    expect(researcher.subject).toBe('CN=researcher.cleveland\nOU=client\nO=ClevelandMSP');
    expect(researcher.checkIssued(ca) && researcher.verify(ca.publicKey)).toBe(true);
    expect(researcher.verify(tlsCa.publicKey)).toBe(false);
    expect(researcher.raw.includes(Buffer.from('{"attrs":{"consilium.role":"researcher"}}'))).toBe(true);
    expect(Date.parse(researcher.validTo) - NOW.getTime()).toBe(PERSON_LIFETIME_MS);
    expect(certificate(folder.person('admin').certificate).subject).toContain('OU=admin');

    for (const node of ['peer', 'orderer'] as const) {
      expect(certificate(folder.nodeIdentity(node).certificate).subject).toBe(
        `CN=${node}.cleveland\nOU=${node}\nO=ClevelandMSP`,
      );
    }
    const server = certificate(folder.tlsIdentity('gateway').certificate);
    expect(server.verify(tlsCa.publicKey)).toBe(true);
    expect(server.checkHost('localhost')).toBe('localhost');
    expect(server.checkIP('127.0.0.1')).toBe('127.0.0.1');
    expect(server.checkHost('elsewhere.example')).toBeUndefined();
  });

  test('every signature has a low S', async () => {
    await complete();
    const certificates = [...snapshot().keys()].filter((path) => /\.(pem|crt)$/.test(path) && !path.includes('key'));
    expect(certificates.length).toBeGreaterThan(20);
    for (const path of certificates) expect([path, isLowS(signatureOf(certificate(path)))]).toEqual([path, true]);
  });

  test('keeps keys and tokens from everyone else, and makes a token for all but the agent', async () => {
    await complete();
    const secret = [...snapshot().keys()].filter((path) => /key|token/.test(path.slice(folder.root.length)));
    const consentKeys = 1;
    expect(secret.length).toBe(2 + 2 + 5 + consentKeys + PERSON_NAMES.length + TOKEN_HOLDERS.length);
    for (const path of secret) expect([path, statSync(path).mode & 0o777]).toEqual([path, 0o600]);
    expect(statSync(folder.root).mode & 0o777).toBe(0o700);
    const tokens = TOKEN_HOLDERS.map((name) => readFileSync(folder.token(name), 'utf8'));
    expect(new Set(tokens).size).toBe(TOKEN_HOLDERS.length);
    for (const token of tokens) expect(Buffer.from(token, 'base64url')).toHaveLength(32);
    expect(TOKEN_HOLDERS).not.toContain('agent');
    expect(tokenSha256(folder.token('researcher'))).toMatch(/^[0-9a-f]{64}$/);
  });

  test('a second run changes no byte', async () => {
    await complete();
    const before = snapshot();
    expect(await complete(new Date(NOW.getTime() + DAY_MS))).toEqual([]);
    expect(snapshot()).toEqual(before);
  });

  test('renews people near the end of their certificate, keeping CA, nodes and tokens', async () => {
    await complete();
    const before = snapshot();
    const later = new Date(NOW.getTime() + PERSON_LIFETIME_MS - PERSON_RENEWAL_MS + 1_000);
    const issued = await complete(later);
    expect(issued.sort()).toEqual(PERSON_NAMES.map((name) => folder.person(name).certificate).sort());
    const after = snapshot();
    const changed = [...after].filter(([path, digest]) => before.get(path) !== digest).map(([path]) => path);
    expect(changed.every((path) => /people\/[a-z-]+\/(cert|key)\.pem$/.test(path))).toBe(true);
    expect(Date.parse(certificate(folder.person('agent').certificate).validTo)).toBeGreaterThan(
      later.getTime() + 29 * DAY_MS,
    );
  });

  test('replaces what is broken: a half-written certificate, a key of another certificate', async () => {
    await complete();
    writeFileSync(folder.person('auditor').certificate, 'not a certificate');
    writeFileSync(folder.tlsIdentity('gateway').key, readFileSync(folder.tlsIdentity('peer').key));
    const issued = await complete();
    expect(issued.sort()).toEqual(
      [folder.tlsIdentity('gateway').certificate, folder.person('auditor').certificate].sort(),
    );
  });

  test('does not replace a lost CA once a channel knows it', async () => {
    await complete();
    rmSync(folder.authority.key);
    const before = snapshot();
    await expect(complete(NOW, false)).rejects.toThrow(/^AUTHORITY_LOST: .*ClevelandMSP/);
    expect(snapshot()).toEqual(before);
  });

  test("keeps an orderer's certificates once a channel names them, even when everything else is renewed", async () => {
    await complete();
    const before = snapshot();
    const options = { msp: 'ClevelandMSP', slug: 'cleveland', mayCreateAuthorities: false, ordererFixed: true };
    const nextYear = new Date(NOW.getTime() + 364 * DAY_MS);
    const issued = await completeHospitalPki(folder, { ...options, now: nextYear });
    expect(issued).toContain(folder.nodeIdentity('peer').certificate);
    for (const { certificate, key } of [folder.nodeIdentity('orderer'), folder.tlsIdentity('orderer')]) {
      expect(snapshot().get(certificate)).toBe(before.get(certificate));
      const content = readFileSync(key);
      writeFileSync(key, readFileSync(folder.nodeIdentity('peer').key));
      const broken = snapshot();
      await expect(completeHospitalPki(folder, { ...options, now: nextYear })).rejects.toThrow(
        `CONSENTER_LOST: the key or certificate of the orderer of ClevelandMSP is missing or broken (${key})`,
      );
      expect(snapshot()).toEqual(broken);
      writeFileSync(key, content);
    }
  });
});

/** The signature is the last BIT STRING of a certificate: 03, length, 00 unused bits, then DER. */
function signatureOf({ raw }: X509Certificate): ArrayBuffer {
  for (let length = 68; length <= 72; length += 1) {
    const start = raw.length - length;
    const isDer = raw[start] === 0x30 && raw[start + 1] === length - 2;
    if (isDer && raw[start - 1] === 0 && raw[start - 3] === 0x03) return new Uint8Array(raw.subarray(start)).buffer;
  }
  throw new Error('no signature found');
}
