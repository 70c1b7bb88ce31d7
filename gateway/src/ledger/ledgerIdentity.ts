/** Who signs a transaction: a certificate of the hospital and its key, from files. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type Msp, type Role, refusal } from '@consilium/domain';
import type { Identity, Signer } from '@hyperledger/fabric-gateway';
import { certificateRole } from './certificateRole.js';
import { isP256, messageSigner } from './signer.js';

export type IdentityFiles = Readonly<{ certFile: string; keyFile: string }>;

export type LedgerIdentity = Readonly<{
  identity: Identity;
  /** Signs messages, not hashes. */
  signer: Signer;
  /** From the certificate. */
  role: Role | undefined;
  /** Milliseconds since 1970. */
  expiresAt: number;
}>;

/**
 * Reads a certificate and its key.
 * @throws ConsiliumError CONFIGURATION_INVALID naming the file; never with a key in it
 */
export function readIdentity(msp: Msp, { certFile, keyFile }: IdentityFiles): LedgerIdentity {
  const certificatePem = read(certFile);
  const certificate = parsed(certFile, 'no PEM certificate', () => new X509Certificate(certificatePem));
  const key = parsed(keyFile, 'no PEM private key', () => createPrivateKey(read(keyFile)));
  if (!isP256(key)) throw refusal('CONFIGURATION_INVALID', { file: keyFile, problems: 'not a key of the curve P-256' });
  if (!certificate.checkPrivateKey(key))
    throw refusal('CONFIGURATION_INVALID', { file: keyFile, problems: `not the key of ${certFile}` });
  return {
    identity: { mspId: msp, credentials: Buffer.from(certificatePem) },
    signer: messageSigner(key),
    role: certificateRole(certificatePem),
    expiresAt: Date.parse(certificate.validTo),
  };
}

function read(file: string): string {
  return parsed(file, 'cannot be read', () => readFileSync(file, 'utf8'));
}

function parsed<T>(file: string, problems: string, work: () => T): T {
  try {
    return work();
  } catch {
    // The reason is left out: it may quote the file.
    throw refusal('CONFIGURATION_INVALID', { file, problems });
  }
}
