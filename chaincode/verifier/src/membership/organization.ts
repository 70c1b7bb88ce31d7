/** Who belongs to an organisation of the channel, as one configuration has it: Fabric's MSP. */
import { Doubt, must } from '../doubt.js';
import { Message } from '../wire/message.js';
import { type Certificate, readCertificate } from './certificate.js';
import { RevocationList } from './revocationList.js';

/** What a certificate's organisational unit makes of its holder. */
export type Unit = 'client' | 'peer' | 'admin' | 'orderer';
/** Fields of FabricNodeOUs. */
const UNIT_FIELDS: readonly (readonly [Unit, number])[] = [
  ['client', 2],
  ['peer', 3],
  ['admin', 4],
  ['orderer', 5],
];
const CHAIN_CERTIFICATES_MAX = 6;

export type Member = Readonly<{ msp: string; certificate: Certificate; unit: Unit }>;

export class Organization {
  readonly msp: string;
  readonly #roots: readonly Certificate[];
  readonly #intermediates: readonly Certificate[];
  readonly #lists: readonly RevocationList[];
  readonly #units: ReadonlyMap<string, Unit>;

  /** @param value of `MSP` in the organisation's group of a configuration. @throws Doubt */
  constructor(value: Uint8Array) {
    const wrapper = new Message(value, 'an MSP');
    must(wrapper.number(1) === 0, 'an MSP that is not of X.509 certificates');
    const config = new Message(wrapper.bytes(2), 'an MSP');
    this.msp = config.text(1);
    this.#roots = config.all(2).map(readCertificate);
    this.#intermediates = config.all(3).map(readCertificate);
    this.#lists = config.all(5).map((each) => new RevocationList(each));
    must(this.#roots.length > 0, `${this.msp} has no certificate authority`);
    const units = config.message(11, 'organisational units');
    must(units.flag(1), `${this.msp}: organisational units are off, so that nobody is told from anybody`);
    this.#units = new Map(
      UNIT_FIELDS.filter(([, field]) => units.has(field)).map(([unit, field]) => [
        units.message(field, unit).text(2).toLowerCase(),
        unit,
      ]),
    );
  }

  get revocationLists(): number {
    return this.#lists.length;
  }

  /**
   * Takes a certificate that one of its authorities issued, and none has taken back.
   * @param at when it was used, in milliseconds since 1970; undefined where that is not known
   * @throws Doubt that says why it is none of this organisation's members
   */
  member(pem: Uint8Array, at: number | undefined): Member {
    const certificate = readCertificate(pem);
    const who = `${certificate.subject} of ${this.msp}`;
    must(!certificate.x509.ca, `${who} is a certificate authority, not a member`);
    this.#checkChain(certificate, who, at);
    const units = certificate.units.flatMap((unit) => this.#units.get(unit) ?? []);
    const [unit] = units;
    if (!unit || units.length !== 1) throw new Doubt(`${who} is neither client, peer, admin nor orderer`);
    return { msp: this.msp, certificate, unit };
  }

  #checkChain(certificate: Certificate, who: string, at: number | undefined): void {
    let current = certificate;
    for (let length = 0; length < CHAIN_CERTIFICATES_MAX; length++) {
      if (at !== undefined) {
        must(at >= current.validFrom, `the certificate of ${who} was not valid yet at ${new Date(at).toISOString()}`);
        must(at <= current.validTo, `the certificate of ${who} had expired at ${new Date(at).toISOString()}`);
      }
      const root = this.#roots.find((each) => isIssuedBy(current, each));
      const issuer = root ?? this.#intermediates.find((each) => each !== current && isIssuedBy(current, each));
      if (!issuer) throw new Doubt(`no authority of ${this.msp} issued the certificate of ${who}`);
      for (const list of this.#lists)
        must(!list.revokes(current.serialNumber, issuer.x509.publicKey), `the certificate of ${who} was revoked`);
      if (root) return;
      current = issuer;
    }
    throw new Doubt(`the certificate of ${who} has too long a chain`);
  }
}

function isIssuedBy({ x509 }: Certificate, authority: Certificate): boolean {
  try {
    return authority.x509.ca && x509.checkIssued(authority.x509) && x509.verify(authority.x509.publicKey);
  } catch {
    return false;
  }
}
