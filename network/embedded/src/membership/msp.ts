import type { X509Certificate } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Identity, readCertificate, roleOf } from './identity.js';
import { RevocationList } from './revocationList.js';

/** One organisation's membership provider: its certificate authorities, and who counts as its member. */
export class Msp {
  readonly id: string;
  /** PEM of the authorities that sign its members' certificates, in the order of their file names. */
  readonly rootCertificates: readonly string[];
  /** PEM of the authorities that sign its TLS certificates. */
  readonly tlsRootCertificates: readonly string[];
  readonly #roots: readonly X509Certificate[];
  readonly #revocationLists: readonly RevocationList[];

  /** Throws an Error where a certificate or a revocation list (PEM) cannot be used. */
  constructor(
    id: string,
    rootCertificates: readonly string[],
    tlsRootCertificates: readonly string[],
    revocationLists: readonly string[] = [],
  ) {
    this.#revocationLists = revocationLists.map((each) => new RevocationList(each));
    this.id = id;
    this.rootCertificates = rootCertificates;
    this.tlsRootCertificates = tlsRootCertificates;
    this.#roots = rootCertificates.map((pem) => {
      const certificate = readCertificate(pem);
      if (!certificate) throw new Error(`${id}: a root certificate cannot be read`);
      if (!certificate.ca) throw new Error(`${id}: ${certificate.subject} is not a certificate authority`);
      return certificate;
    });
  }

  /**
   * Accepts a certificate that one of the organisation's authorities signed. Its validity period is not looked at:
   * like Fabric, the places that must refuse an expired one do so themselves. A revoked certificate has no role, and so
   * is not valid. Undefined: not of this organisation.
   */
  accept(pem: Uint8Array): Identity | undefined {
    const certificate = readCertificate(pem);
    if (!certificate || certificate.ca) return undefined;
    const issuer = this.#roots.find((root) => isSignedBy(certificate, root));
    if (!issuer) return undefined;
    const isRevoked = this.#revocationLists.some((list) => list.revokes(certificate, issuer));
    return {
      msp: this.id,
      id: certificate.fingerprint256,
      publicKey: certificate.publicKey,
      role: isRevoked ? undefined : roleOf(certificate),
      expiresMs: Date.parse(certificate.validTo),
    };
  }
}

/**
 * Reads an MSP folder as Fabric lays it out. Throws an Error that names the folder and what is wrong, also for what
 * this channel does not support and must not silently ignore: intermediate authorities and revocation lists.
 */
export function readMsp(id: string, folder: string): Msp {
  for (const unsupported of ['intermediatecerts', 'tlsintermediatecerts', 'crls']) {
    if (pemFiles(join(folder, unsupported)).length > 0) {
      throw new Error(`${folder}: the embedded channel does not support ${unsupported}`);
    }
  }
  const roots = pemFiles(join(folder, 'cacerts'));
  if (roots.length === 0) throw new Error(`${folder}: no certificate authority in cacerts`);
  const configuration = join(folder, 'config.yaml');
  if (existsSync(configuration) && !/^\s*Enable:\s*true\s*$/m.test(readFileSync(configuration, 'utf8'))) {
    throw new Error(`${configuration}: NodeOUs must be enabled (roles come from the certificates)`);
  }
  return new Msp(id, roots, pemFiles(join(folder, 'tlscacerts')));
}

function pemFiles(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.pem'))
    .sort()
    .map((name) => readFileSync(join(folder, name), 'utf8'));
}

function isSignedBy(certificate: X509Certificate, root: X509Certificate): boolean {
  try {
    return certificate.checkIssued(root) && certificate.verify(root.publicKey);
  } catch {
    return false;
  }
}
