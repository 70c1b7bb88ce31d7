import { generateKeyPairSync, webcrypto } from 'node:crypto';
import { Authority } from '@consilium/network/pki/authority';

const HOUR_MS = 3_600_000;

/** Certificate and private key, both PEM. */
export interface Credentials {
  readonly certificate: string;
  readonly key: string;
}

/** What a person shall be. */
export interface PersonOptions {
  /** Value of the attribute `consilium.role`; null for no attributes at all. */
  readonly role?: string | null;
  /** Organisational unit of the certificate; null for none. */
  readonly unit?: string | null;
  /** When the certificate was issued, relative to now. */
  readonly issuedMs?: number;
  readonly lifetimeMs?: number;
}

/** Issues certificates for people of one organisation. */
export class People {
  readonly #authority: Authority;
  readonly #msp: string;

  constructor(authority: Authority, msp: string) {
    this.#authority = authority;
    this.#msp = msp;
  }

  /** Certificates of an authority that the channel does not know, though it carries the organisation's name. */
  static async impostors(msp: string): Promise<People> {
    return new People(await Authority.create({ commonName: `ca.${msp}`, organisation: msp }, new Date()), msp);
  }

  async issue(name: string, options: PersonOptions = {}): Promise<Credentials> {
    const { role = 'researcher', unit = 'client', issuedMs = 0, lifetimeMs = HOUR_MS } = options;
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const spki = publicKey.export({ format: 'der', type: 'spki' });
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
    const key = await webcrypto.subtle.importKey('spki', spki, algorithm, true, ['verify']);
    const certificate = await this.#authority.issue(
      {
        subject: { commonName: name, ...(unit === null ? {} : { unit }), organisation: this.#msp },
        usage: 'signature',
        lifetimeMs,
        ...(role === null ? {} : { attributes: { 'consilium.role': role } }),
      },
      key,
      new Date(Date.now() + issuedMs),
    );
    return { certificate, key: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString() };
  }
}
