import 'reflect-metadata';
import { generateKeyPairSync, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { Msp } from '../membership/msp.js';
import { SigningIdentity } from '../peer/signingIdentity.js';

x509.cryptoProvider.set(webcrypto);

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const HOUR_MS = 3_600_000;

/** What a certificate of a test shall be. */
export interface TestCertificate {
  readonly name?: string;
  /** Organisational units; none by default is not what peers accept. */
  readonly units?: readonly string[];
  readonly notBeforeMs?: number;
  readonly notAfterMs?: number;
  readonly isAuthority?: boolean;
}

/** A certificate authority for unit tests. */
export class TestAuthority {
  readonly organization: string;
  readonly certificate: string;
  readonly #keys: webcrypto.CryptoKeyPair;
  readonly #name: string;

  private constructor(organization: string, certificate: string, keys: webcrypto.CryptoKeyPair, name: string) {
    this.organization = organization;
    this.certificate = certificate;
    this.#keys = keys;
    this.#name = name;
  }

  static async create(organization: string): Promise<TestAuthority> {
    const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
    const name = `CN=ca.${organization},O=${organization}`;
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      serialNumber: '01',
      name,
      notBefore: new Date(Date.now() - HOUR_MS),
      notAfter: new Date(Date.now() + HOUR_MS),
      signingAlgorithm: ALGORITHM,
      keys,
      extensions: [
        new x509.BasicConstraintsExtension(true, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      ],
    });
    return new TestAuthority(organization, certificate.toString('pem'), keys, name);
  }

  /** The organisation's membership provider. */
  msp(): Msp {
    return new Msp(this.organization, [this.certificate], []);
  }

  /** Issues a certificate and answers it with its key, both PEM. */
  async issue(options: TestCertificate = {}): Promise<{ certificate: string; key: string }> {
    const { name = 'someone', units = ['client'] } = options;
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const spki = publicKey.export({ format: 'der', type: 'spki' });
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: '02',
      subject: [`CN=${name}`, ...units.map((unit) => `OU=${unit}`), `O=${this.organization}`].join(','),
      issuer: this.#name,
      notBefore: new Date(options.notBeforeMs ?? Date.now() - HOUR_MS),
      notAfter: new Date(options.notAfterMs ?? Date.now() + HOUR_MS),
      signingAlgorithm: ALGORITHM,
      signingKey: this.#keys.privateKey,
      publicKey: await webcrypto.subtle.importKey('spki', spki, ALGORITHM, true, ['verify']),
      extensions: [new x509.BasicConstraintsExtension(options.isAuthority ?? false, undefined, true)],
    });
    return {
      certificate: certificate.toString('pem'),
      key: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    };
  }

  /** Issues a certificate to somebody who signs. */
  async signer(options: TestCertificate = {}): Promise<SigningIdentity> {
    const { certificate, key } = await this.issue(options);
    return new SigningIdentity(this.organization, certificate, key);
  }
}
