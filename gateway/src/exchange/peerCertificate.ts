/** Which hospital a TLS certificate speaks for: its subject says so, and the TLS CA of that very hospital must have issued it. */
import { X509Certificate } from 'node:crypto';
import type { PeerCertificate, TLSSocket } from 'node:tls';
import type { Msp } from '@consilium/domain';

/** A hospital whose gateway may connect, and the certificates of its TLS CA. */
export type TrustedHospital = Readonly<{ msp: Msp; caPem: string }>;

const CHAIN_LENGTH_MAX = 8;
const PEM = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

export class TrustedHospitals {
  readonly #authorities: ReadonlyMap<Msp, readonly X509Certificate[]>;
  /** What a connection was found to be: its certificate does not change while it lasts. */
  readonly #found = new WeakMap<TLSSocket, Readonly<{ hospital: Msp | undefined }>>();

  /** @throws Error where a CA is no certificate */
  constructor(hospitals: readonly TrustedHospital[]) {
    this.#authorities = new Map(hospitals.map(({ msp, caPem }) => [msp, certificatesIn(caPem)]));
  }

  /** Certificates of all CAs: whoever none of them vouches for does not get past the TLS handshake. */
  get allPem(): string[] {
    return [...this.#authorities.values()].flat().map((certificate) => certificate.toString());
  }

  /** Certificates of one hospital's CA; undefined where it is not trusted. */
  caPemOf(msp: Msp): string[] | undefined {
    return this.#authorities.get(msp)?.map((certificate) => certificate.toString());
  }

  /**
   * The hospital at the other end of a verified connection. The CA of another hospital could issue a certificate with this
   * one's name: the chain must end in a CA of the hospital that the subject names.
   *
   * @returns undefined where it is none that is trusted
   */
  hospitalOf(socket: TLSSocket): Msp | undefined {
    const found = this.#found.get(socket) ?? {
      hospital: socket.authorized ? this.hospitalNamed(socket.getPeerCertificate(true)) : undefined,
    };
    this.#found.set(socket, found);
    return found.hospital;
  }

  /** The same for a certificate whose chain TLS has verified. */
  hospitalNamed(peer: PeerCertificate): Msp | undefined {
    if (!peer.raw) return undefined;
    const organisation: unknown = peer.subject?.O;
    // Two O= in a subject come as an array: which of them is meant is nobody's to guess.
    if (typeof organisation !== 'string') return undefined;
    const authorities = this.#authorities.get(organisation as Msp);
    return authorities && chainOf(peer).some((link) => isIssuedByOne(link, authorities))
      ? (organisation as Msp)
      : undefined;
  }
}

/** The certificate and those above it, each really signed by the next. */
function chainOf(peer: PeerCertificate): X509Certificate[] {
  const chain = [new X509Certificate(peer.raw)];
  let at = peer as PeerCertificate & { issuerCertificate?: PeerCertificate };
  while (chain.length < CHAIN_LENGTH_MAX && at.issuerCertificate && at.issuerCertificate !== at) {
    at = at.issuerCertificate as typeof at;
    if (!at.raw) break;
    const issuer = new X509Certificate(at.raw);
    const link = chain.at(-1) as X509Certificate;
    if (!issuer.ca || !isIssuedByOne(link, [issuer])) break;
    chain.push(issuer);
  }
  return chain;
}

function isIssuedByOne(link: X509Certificate, authorities: readonly X509Certificate[]): boolean {
  return authorities.some((authority) => link.checkIssued(authority) && link.verify(authority.publicKey));
}

function certificatesIn(pem: string): X509Certificate[] {
  const found = pem.match(PEM);
  if (!found) throw new Error('no PEM certificate');
  return found.map((block) => new X509Certificate(block));
}
