import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { PRIVATE_FILE_MODE, writeFileAtomic } from '../atomicFile.js';
import { type Authority, attributesOf, type CertificateRequest } from './authority.js';
import { generateKeyPair, privateKeyPem } from './keys.js';

/** Where a certificate and its private key lie. */
export interface IdentityFiles {
  readonly certificate: string;
  readonly key: string;
}

export interface IdentityRequest extends CertificateRequest {
  /** A certificate that would end sooner than this is replaced now. */
  readonly renewalMs: number;
}

/**
 * Makes sure that a valid certificate of this authority and its key are in the files. What is valid is kept byte for
 * byte; what is missing, broken, of another authority or near its end is issued anew with a new key.
 *
 * @returns whether something was issued.
 */
export async function keepOrIssue(
  files: IdentityFiles,
  authority: Authority,
  request: IdentityRequest,
  now: Date,
): Promise<boolean> {
  if (isValidIdentity(files, authority, request, now)) return false;
  const keys = await generateKeyPair();
  const certificate = await authority.issue(request, keys.publicKey, now);
  // Key first: a crash between the two leaves a pair that does not match, which the next start replaces.
  writeFileAtomic(files.key, `${await privateKeyPem(keys.privateKey)}\n`, { mode: PRIVATE_FILE_MODE });
  writeFileAtomic(files.certificate, certificate);
  return true;
}

/** Whether the files hold what was requested, from this authority, and not near its end. */
export function isValidIdentity(
  files: IdentityFiles,
  authority: Authority,
  request: IdentityRequest,
  now: Date,
): boolean {
  if (!existsSync(files.certificate) || !existsSync(files.key)) return false;
  try {
    const certificate = new X509Certificate(readFileSync(files.certificate));
    const { subject } = request;
    const lines = [
      `CN=${subject.commonName}`,
      ...(subject.unit ? [`OU=${subject.unit}`] : []),
      `O=${subject.organisation}`,
    ];
    return (
      certificate.subject === lines.join('\n') &&
      Date.parse(certificate.validTo) - now.getTime() > request.renewalMs &&
      Date.parse(certificate.validFrom) <= now.getTime() &&
      (request.attributes === undefined || certificate.raw.includes(attributesOf(request.attributes))) &&
      certificate.checkPrivateKey(createPrivateKey(readFileSync(files.key))) &&
      authority.signed(certificate)
    );
  } catch {
    // Not a certificate, or not a key: to be replaced like a missing one.
    return false;
  }
}
