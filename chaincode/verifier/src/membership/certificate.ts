/** A certificate, as far as the channel looks at it. */
import { X509Certificate } from 'node:crypto';
import { ROLE_ATTRIBUTE } from '@consilium/domain';
import { Doubt, must } from '../doubt.js';
import { type Element, elements, sequence, TAG } from '../wire/der.js';

/** 1.2.3.4.5.6.7.8.1: attributes that Fabric's CA writes into certificates, as JSON. */
const ATTRIBUTES_OID = '2a03040506070801';
/** `[3]` in TBSCertificate: the extensions; `[0]`: the version. */
const [VERSION, EXTENSIONS] = [0xa0, 0xa3];
/** Names of a subject's parts, by the DER of their object identifiers (RFC 4519). */
const NAMES: Readonly<Record<string, string>> = {
  '550403': 'CN',
  '550406': 'C',
  '550407': 'L',
  '550408': 'ST',
  '55040a': 'O',
  '55040b': 'OU',
};

export type Certificate = Readonly<{
  x509: X509Certificate;
  /** Upper case hexadecimal digits without leading zeros. */
  serialNumber: string;
  units: readonly string[];
  /** As the chaincode names its caller: `x509::<subject>::<issuer>`. */
  callerId: string;
  /** For people: `CN=…, OU=…`. */
  subject: string;
  /** The product's role in its attributes; undefined: none. */
  role: string | undefined;
  validFrom: number;
  validTo: number;
}>;

type NamePart = Readonly<{ name: string; value: string }>;

/** @param bytes PEM, nothing before or after it. @throws Doubt */
export function readCertificate(bytes: Uint8Array): Certificate {
  const pem = Buffer.from(bytes).toString('latin1');
  must(
    /^-----BEGIN CERTIFICATE-----\s[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*$/.test(pem),
    'no certificate in PEM form',
  );
  let x509: X509Certificate;
  try {
    x509 = new X509Certificate(pem);
  } catch {
    throw new Doubt('a certificate that cannot be read');
  }
  const fields = elements((sequence(x509.raw)[0] as Element).content);
  const versionFields = fields[0]?.tag === VERSION ? 1 : 0;
  // version? serial signature issuer validity subject key …
  const [issuer, subject] = [fields[versionFields + 2], fields[versionFields + 4]].map(nameOf);
  if (!issuer || !subject) throw new Doubt('a certificate without a subject');
  return {
    x509,
    serialNumber: withoutZeros(x509.serialNumber),
    units: subject.filter(({ name }) => name === 'OU').map(({ value }) => value.toLowerCase()),
    callerId: `x509::${slashed(subject)}::${slashed(issuer)}`,
    subject: subject.map(({ name, value }) => `${name}=${printable(value)}`).join(', '),
    role: roleIn(fields.find(({ tag }) => tag === EXTENSIONS)),
    validFrom: Date.parse(x509.validFrom),
    validTo: Date.parse(x509.validTo),
  };
}

export function withoutZeros(hex: string): string {
  return hex.toUpperCase().replace(/^0+(?=.)/, '');
}

/** What others wrote may hold characters that a terminal obeys. */
export function printable(text: string): string {
  return text.replace(/\p{C}/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

function nameOf(element: Element | undefined): NamePart[] | undefined {
  if (!element) return undefined;
  return elements(element.content).flatMap((set) =>
    elements(set.content).map((pair) => {
      const [type, value] = elements(pair.content);
      must(type?.tag === TAG.objectIdentifier && value !== undefined, 'a damaged name in a certificate');
      return { name: NAMES[type.content.toString('hex')] ?? '', value: value.content.toString('utf8') };
    }),
  );
}

/** As fabric-shim's ClientIdentity writes it: of several slashes in a value it escapes the first. */
function slashed(parts: readonly NamePart[]): string {
  return parts.map(({ name, value }) => `/${name}=${value.replace('/', '\\/')}`).join('');
}

function roleIn(wrapper: Element | undefined): string | undefined {
  for (const extension of wrapper ? sequence(wrapper.content) : []) {
    const [id, ...rest] = elements(extension.content);
    if (id?.content.toString('hex') !== ATTRIBUTES_OID) continue;
    const text = rest.find(({ tag }) => tag === TAG.octetString)?.content.toString('utf8');
    try {
      const role = (JSON.parse(text ?? '') as { attrs?: Record<string, unknown> }).attrs?.[ROLE_ATTRIBUTE];
      return typeof role === 'string' ? role : undefined;
    } catch {
      return undefined;
    }
  }
  return undefined;
}
