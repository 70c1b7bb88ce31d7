import 'reflect-metadata';
import { webcrypto, X509Certificate } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import * as x509 from '@peculiar/x509';
import { RevocationList } from './revocationList.js';

x509.cryptoProvider.set(webcrypto);
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const NAME = 'CN=ca.a,O=AMSP';

async function authority() {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: NAME,
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
  });
  const issued = async (serialNumber: string) => {
    const made = await x509.X509CertificateGenerator.create({
      serialNumber,
      subject: 'CN=someone,O=AMSP',
      issuer: NAME,
      signingAlgorithm: ALGORITHM,
      signingKey: keys.privateKey,
      publicKey: (await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])).publicKey,
    });
    return new X509Certificate(made.toString('pem'));
  };
  const list = async (serials: readonly string[], nextUpdate?: Date) =>
    (
      await x509.X509CrlGenerator.create({
        issuer: NAME,
        ...(nextUpdate ? { nextUpdate } : {}),
        entries: serials.map((serialNumber) => ({ serialNumber, revocationDate: new Date() })),
        signingAlgorithm: ALGORITHM,
        signingKey: keys.privateKey,
      })
    )
      .toString('pem')
      .replaceAll(' CRL-----', ' X509 CRL-----');
  return { certificate: new X509Certificate(certificate.toString('pem')), issued, list };
}

const [a, impostor] = await Promise.all([authority(), authority()]);

describe('a revocation list', () => {
  test.each([
    ['with the time of the next one', new Date(Date.now() + 86_400_000)],
    ['without', undefined],
    ['far ahead, where times are written otherwise', new Date(Date.UTC(2060, 0, 1))],
  ])('takes back what it names, %s', async (_, nextUpdate) => {
    const list = new RevocationList(await a.list(['0a', '1f2e3d'], nextUpdate));
    expect(list.revokes(await a.issued('0a'), a.certificate)).toBe(true);
    expect(list.revokes(await a.issued('1f2e3d'), a.certificate)).toBe(true);
    expect(list.revokes(await a.issued('0b'), a.certificate)).toBe(false);
  });

  test('takes nothing back that another authority issued, though it has the same name', async () => {
    const list = new RevocationList(await impostor.list(['0a']));
    expect(list.revokes(await a.issued('0a'), a.certificate)).toBe(false);
  });

  test('with a serial number whose first bit is set is read as Node reads the certificate', async () => {
    const list = new RevocationList(await a.list(['ff01', '80']));
    for (const serial of ['ff01', '80']) expect(list.revokes(await a.issued(serial), a.certificate)).toBe(true);
  });

  test('without an entry takes nothing back', async () => {
    const list = new RevocationList(await a.list([]));
    expect(list.revokes(await a.issued('0a'), a.certificate)).toBe(false);
  });

  test('that is none, or cut off, is refused', async () => {
    expect(() => new RevocationList('no list')).toThrow('no revocation list in PEM form');
    const pem = await a.list(['0a']);
    const der = Buffer.from(pem.replace(/-----[^-]+-----/g, ''), 'base64');
    for (let length = 0; length < der.length; length += 7) {
      const cut = `-----BEGIN X509 CRL-----\n${der.subarray(0, length).toString('base64')}\n-----END X509 CRL-----`;
      expect(() => new RevocationList(cut)).toThrow();
    }
  });
});
