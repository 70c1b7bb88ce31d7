import { randomBytes, webcrypto, X509Certificate } from 'node:crypto';
import { generateKeyPair, importKeyPair, isLowS, privateKeyPem, SIGNATURE_ALGORITHM } from './keys.js';
import { x509 } from './x509.js';

const DAY_MS = 86_400_000;

/** Lifetime of a hospital's own CAs. */
export const AUTHORITY_LIFETIME_MS = 3_650 * DAY_MS;

/** Certificates are valid from a little before they are issued: clocks of one machine's parts may differ. */
const BACKDATED_MS = 60_000;

/** Half of all signatures have a low S: this many tries fail once in 2^64 times. */
const LOW_S_TRIES_MAX = 64;

/** Fabric's certificate attributes: raw JSON in an extension of this number, not critical. */
const ATTRIBUTES_OID = '1.2.3.4.5.6.7.8.1';

const SERVER_NAMES: x509.JsonGeneralNames = [
  { type: 'dns', value: 'localhost' },
  { type: 'ip', value: '127.0.0.1' },
];

/** Parts of a subject, in the order in which Fabric shows them: `/CN=…/OU=…/O=…`. */
export interface Subject {
  readonly commonName: string;
  readonly unit?: string;
  readonly organisation: string;
}

/** What a certificate is for. `tls` serves and dials as `localhost`; `signature` signs transactions. */
export interface CertificateRequest {
  readonly subject: Subject;
  readonly usage: 'signature' | 'tls';
  readonly lifetimeMs: number;
  /** Certificate attributes that the chaincode reads, such as `consilium.role`. */
  readonly attributes?: Readonly<Record<string, string>>;
}

/** One certificate authority of one hospital, holding its key. */
export class Authority {
  readonly certificatePem: string;
  readonly #keys: webcrypto.CryptoKeyPair;
  readonly #certificate: x509.X509Certificate;
  readonly #publicKey: X509Certificate['publicKey'];

  private constructor(certificate: x509.X509Certificate, keys: webcrypto.CryptoKeyPair) {
    this.#certificate = certificate;
    this.#keys = keys;
    this.certificatePem = `${certificate.toString('pem')}\n`;
    this.#publicKey = new X509Certificate(this.certificatePem).publicKey;
  }

  /** Makes a new, self-signed authority. */
  static async create(subject: Subject, now: Date): Promise<Authority> {
    const keys = await generateKeyPair();
    const certificate = await untilLowS(async () =>
      x509.X509CertificateGenerator.createSelfSigned({
        serialNumber: serialNumber(),
        name: nameOf(subject),
        notBefore: new Date(now.getTime() - BACKDATED_MS),
        notAfter: new Date(now.getTime() + AUTHORITY_LIFETIME_MS),
        signingAlgorithm: SIGNATURE_ALGORITHM,
        keys,
        extensions: [
          new x509.BasicConstraintsExtension(true, undefined, true),
          new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
          await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
        ],
      }),
    );
    return new Authority(certificate, keys);
  }

  /** Takes up an authority from its files. Throws if the key is not the certificate's. */
  static async load(certificatePem: string, keyPem: string): Promise<Authority> {
    const authority = new Authority(new x509.X509Certificate(certificatePem), await importKeyPair(keyPem));
    const [spki, own] = await Promise.all([
      webcrypto.subtle.exportKey('spki', authority.#keys.publicKey),
      authority.#publicKey.export({ format: 'der', type: 'spki' }),
    ]);
    if (!Buffer.from(spki).equals(own)) throw new Error('the key of this authority belongs to another certificate');
    return authority;
  }

  async keyPem(): Promise<string> {
    return `${await privateKeyPem(this.#keys.privateKey)}\n`;
  }

  /** Whether this authority signed the certificate. */
  signed(certificate: X509Certificate): boolean {
    return certificate.verify(this.#publicKey);
  }

  /** Issues a certificate, as PEM, for a public key. */
  async issue(request: CertificateRequest, publicKey: webcrypto.CryptoKey, now: Date): Promise<string> {
    const extensions: x509.Extension[] = [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      await x509.SubjectKeyIdentifierExtension.create(publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(this.#keys.publicKey),
    ];
    if (request.usage === 'tls') {
      const { serverAuth, clientAuth } = x509.ExtendedKeyUsage;
      extensions.push(new x509.ExtendedKeyUsageExtension([serverAuth, clientAuth]));
      extensions.push(new x509.SubjectAlternativeNameExtension(SERVER_NAMES));
    }
    if (request.attributes !== undefined) {
      extensions.push(new x509.Extension(ATTRIBUTES_OID, false, attributesOf(request.attributes)));
    }
    const certificate = await untilLowS(() =>
      x509.X509CertificateGenerator.create({
        serialNumber: serialNumber(),
        subject: nameOf(request.subject),
        issuer: this.#certificate.subjectName.toJSON(),
        notBefore: new Date(now.getTime() - BACKDATED_MS),
        notAfter: new Date(now.getTime() + request.lifetimeMs),
        signingAlgorithm: SIGNATURE_ALGORITHM,
        signingKey: this.#keys.privateKey,
        publicKey,
        extensions,
      }),
    );
    return `${certificate.toString('pem')}\n`;
  }

  /** Signs the list, as PEM, of all certificates that this authority takes back, by serial number (hexadecimal). */
  async revocationList(serialNumbers: readonly string[], now: Date): Promise<string> {
    const list = await x509.X509CrlGenerator.create({
      issuer: this.#certificate.subjectName.toJSON(),
      thisUpdate: now,
      nextUpdate: new Date(now.getTime() + AUTHORITY_LIFETIME_MS),
      signingAlgorithm: SIGNATURE_ALGORITHM,
      signingKey: this.#keys.privateKey,
      // Fabric finds the authority of a list by this.
      extensions: [await x509.AuthorityKeyIdentifierExtension.create(this.#keys.publicKey)],
      entries: serialNumbers.map((serialNumber) => ({ serialNumber, revocationDate: now })),
    });
    // Fabric takes this label only, not the library's own.
    return `${x509.PemConverter.encode(list.rawData, 'X509 CRL')}\n`;
  }
}

/** The bytes of the attribute extension: exactly these stand in the certificate. */
export function attributesOf(attributes: Readonly<Record<string, string>>): Buffer {
  return Buffer.from(JSON.stringify({ attrs: attributes }), 'utf8');
}

function nameOf({ commonName, unit, organisation }: Subject): x509.JsonName {
  return [{ CN: [commonName] }, ...(unit === undefined ? [] : [{ OU: [unit] }]), { O: [organisation] }];
}

/** A positive number of 127 random bits (RFC 5280, 4.1.2.2), in hexadecimal. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}

/** Signs anew until S is low: ECDSA draws a fresh nonce each time. */
async function untilLowS(sign: () => Promise<x509.X509Certificate>): Promise<x509.X509Certificate> {
  for (let attempt = 0; attempt < LOW_S_TRIES_MAX; attempt += 1) {
    const certificate = await sign();
    if (isLowS(certificate.signature)) return certificate;
  }
  throw new Error(`no signature with a low S in ${LOW_S_TRIES_MAX} tries: the random source is broken`);
}
