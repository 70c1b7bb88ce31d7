import { type KeyObject, X509Certificate } from 'node:crypto';

/** What a certificate's organisational unit makes of its holder (Fabric's NodeOUs). */
export type Role = 'client' | 'peer' | 'admin' | 'orderer';

const ROLES: readonly string[] = ['client', 'peer', 'admin', 'orderer'] satisfies Role[];

/** Somebody whom a certificate names, as a member organisation's provider accepted it. */
export interface Identity {
  readonly msp: string;
  /** Fingerprint of the certificate: two identities with the same one are the same. */
  readonly id: string;
  readonly publicKey: KeyObject;
  /** Undefined where the certificate has not exactly one of the four roles; such an identity is not valid. */
  readonly role: Role | undefined;
  /** End of the certificate's validity, milliseconds since 1970. */
  readonly expiresMs: number;
}

/** Reads a PEM certificate, or answers undefined. */
export function readCertificate(pem: string | Uint8Array): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

/** The roles that the organisational units in a certificate's subject stand for. */
export function roleOf(certificate: X509Certificate): Role | undefined {
  const units = certificate.subject
    .split('\n')
    .filter((line) => line.startsWith('OU='))
    .map((line) => line.slice('OU='.length).toLowerCase());
  const roles = units.filter((unit) => ROLES.includes(unit)) as Role[];
  return roles.length === 1 ? roles[0] : undefined;
}
