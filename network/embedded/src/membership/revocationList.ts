import { verify, type X509Certificate } from 'node:crypto';

/** Tags of ASN.1 that a revocation list uses (RFC 5280, 5.1). */
const [INTEGER, BIT_STRING, SEQUENCE, UTC_TIME, GENERALIZED_TIME] = [0x02, 0x03, 0x30, 0x17, 0x18];

/** A certificate revocation list: serial numbers that its authority has taken back. */
export class RevocationList {
  /** Serial numbers, upper case hexadecimal without leading zeros. */
  readonly #serials: ReadonlySet<string>;
  readonly #signed: Buffer;
  readonly #signature: Buffer;

  /** Reads the PEM form. Throws an Error where it is none. */
  constructor(pem: string) {
    const base64 = /-----BEGIN X509 CRL-----([\s\S]+?)-----END X509 CRL-----/.exec(pem)?.[1];
    if (base64 === undefined) throw new Error('no revocation list in PEM form');
    const [list] = elements(Buffer.from(base64, 'base64'));
    const [body, , signature] = list ? elements(list.content) : [];
    if (!body || body.tag !== SEQUENCE || signature?.tag !== BIT_STRING) throw new Error('damaged revocation list');
    this.#signed = body.whole;
    this.#signature = signature.content.subarray(1);
    this.#serials = new Set(revokedIn(body.content));
  }

  /** Whether this list takes a certificate of `issuer` back, and `issuer` signed the list. */
  revokes(certificate: X509Certificate, issuer: X509Certificate): boolean {
    if (!this.#serials.has(trimmed(certificate.serialNumber))) return false;
    return verify('sha256', this.#signed, issuer.publicKey, this.#signature);
  }
}

function revokedIn(body: Buffer): string[] {
  const parts = elements(body);
  // Version and time of the next list are optional; the list of entries follows the last time.
  const lastTime = parts.findLastIndex(({ tag }) => tag === UTC_TIME || tag === GENERALIZED_TIME);
  const entries = parts[lastTime + 1];
  if (entries?.tag !== SEQUENCE) return [];
  return elements(entries.content).map(({ content }) => {
    const [serial] = elements(content);
    if (serial?.tag !== INTEGER) throw new Error('damaged revocation list');
    return trimmed(serial.content.toString('hex'));
  });
}

function trimmed(hex: string): string {
  return hex.toUpperCase().replace(/^0+(?=.)/, '');
}

interface Element {
  readonly tag: number;
  readonly content: Buffer;
  readonly whole: Buffer;
}

/** DER elements one after the other. Throws where one is cut off. */
function elements(bytes: Buffer): Element[] {
  const found: Element[] = [];
  for (let at = 0; at < bytes.length; ) {
    const first = bytes[at + 1] ?? 0;
    const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
    if (lengthBytes > 4 || at + 2 + lengthBytes > bytes.length) throw new Error('damaged revocation list');
    const length = lengthBytes === 0 ? first : bytes.readUIntBE(at + 2, lengthBytes);
    const start = at + 2 + lengthBytes;
    if (start + length > bytes.length) throw new Error('damaged revocation list');
    const whole = bytes.subarray(at, start + length);
    found.push({ tag: bytes[at] as number, content: bytes.subarray(start, start + length), whole });
    at = start + length;
  }
  return found;
}
