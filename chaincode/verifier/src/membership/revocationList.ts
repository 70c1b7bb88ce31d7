/** A certificate revocation list: serial numbers that its authority has taken back (RFC 5280, section 5.1). */
import { type KeyObject, verify } from 'node:crypto';
import { Doubt, must } from '../doubt.js';
import { type Element, elements, sequence, TAG } from '../wire/der.js';
import { withoutZeros } from './certificate.js';

export class RevocationList {
  readonly #serials: ReadonlySet<string>;
  readonly #signed: Buffer;
  readonly #signature: Buffer;

  /** @throws Doubt where it is none */
  constructor(pem: Uint8Array) {
    const text = Buffer.from(pem).toString('latin1');
    const base64 = /^-----BEGIN X509 CRL-----([A-Za-z0-9+/=\s]+)-----END X509 CRL-----\s*$/.exec(text)?.[1];
    if (base64 === undefined) throw new Doubt('a revocation list that is not in PEM form');
    const [body, , signature] = sequence(Buffer.from(base64, 'base64'));
    must(body?.tag === TAG.sequence && signature?.tag === TAG.bitString, 'a damaged revocation list');
    this.#signed = body.whole;
    this.#signature = signature.content.subarray(1);
    this.#serials = new Set(revokedIn(elements(body.content)));
  }

  /** Whether it takes this certificate of the authority with this key back. */
  revokes(serialNumber: string, issuerKey: KeyObject): boolean {
    return this.#serials.has(serialNumber) && verify('sha256', this.#signed, issuerKey, this.#signature);
  }
}

function revokedIn(parts: readonly Element[]): string[] {
  // version? signature issuer thisUpdate nextUpdate? revokedCertificates?
  const lastTime = parts.findLastIndex(({ tag }) => tag === TAG.utcTime || tag === TAG.generalizedTime);
  const entries = parts[lastTime + 1];
  if (entries?.tag !== TAG.sequence) return [];
  return elements(entries.content).map(({ content }) => {
    const [serial] = elements(content);
    must(serial?.tag === TAG.integer, 'a damaged revocation list');
    return withoutZeros(serial.content.toString('hex'));
  });
}
