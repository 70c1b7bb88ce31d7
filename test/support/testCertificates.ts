/** Certificates for tests: any CA, any subject, any attribute, also those that no hospital would issue. */
import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

x509.cryptoProvider.set(webcrypto);

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY_MS = 86_400_000;
const ATTRIBUTES_OID = '1.2.3.4.5.6.7.8.1';

/** Both as PEM. */
export type CertificateAndKey = Readonly<{ certPem: string; keyPem: string }>;

export type TestAuthority = CertificateAndKey &
  Readonly<{ keys: webcrypto.CryptoKeyPair; certificate: x509.X509Certificate }>;

export type TestLeaf = Readonly<{
  commonName?: string;
  /** O= of the subject. */
  organisation: string;
  /** Attribute `consilium.role`. */
  role?: string;
  notAfter?: Date;
}>;

export async function testAuthority(organisation: string): Promise<TestAuthority> {
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name: `CN=ca of ${organisation},O=${organisation}`,
    notBefore: new Date(Date.now() - DAY_MS),
    notAfter: new Date(Date.now() + DAY_MS),
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.digitalSignature, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { keys, certificate, certPem: certificate.toString('pem'), keyPem: await keyPem(keys.privateKey) };
}

/** For `localhost` and 127.0.0.1, as server and as client. */
export async function testCertificate(authority: TestAuthority, leaf: TestLeaf): Promise<CertificateAndKey> {
  const keys = await newKeys();
  const attributes = leaf.role
    ? [
        new x509.Extension(
          ATTRIBUTES_OID,
          false,
          Buffer.from(JSON.stringify({ attrs: { 'consilium.role': leaf.role } })),
        ),
      ]
    : [];
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serial(),
    subject: `CN=${leaf.commonName ?? 'localhost'},OU=client,O=${leaf.organisation}`,
    issuer: authority.certificate.subject,
    notBefore: new Date(Date.now() - DAY_MS),
    notAfter: leaf.notAfter ?? new Date(Date.now() + DAY_MS),
    publicKey: keys.publicKey,
    signingKey: authority.keys.privateKey,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.SubjectAlternativeNameExtension([
        { type: 'dns', value: 'localhost' },
        { type: 'ip', value: '127.0.0.1' },
      ]),
      ...attributes,
    ],
  });
  return { certPem: certificate.toString('pem'), keyPem: await keyPem(keys.privateKey) };
}

async function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return (await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
}

async function keyPem(key: webcrypto.CryptoKey): Promise<string> {
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key));
  const lines = pkcs8.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN PRIVATE KEY-----', ...lines, '-----END PRIVATE KEY-----', ''].join('\n');
}

function serial(): string {
  return randomBytes(8)
    .toString('hex')
    .replace(/^[89a-f]/, '1');
}
