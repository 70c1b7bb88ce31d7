/**
 * The role that a hospital's CA wrote into a certificate: attribute `consilium.role` in extension 1.2.3.4.5.6.7.8.1, whose
 * value is the JSON `{"attrs":{…}}` (as Fabric CA issues it). Node's X.509 has no view of extensions, so this reads DER.
 */
import { X509Certificate } from 'node:crypto';
import { ROLE_ATTRIBUTE, Role } from '@consilium/domain';

/** DER of the object identifier 1.2.3.4.5.6.7.8.1. */
const ATTRIBUTES_OID = Buffer.from('2a03040506070801', 'hex');
const SEQUENCE = 0x30;
const OBJECT_IDENTIFIER = 0x06;
const OCTET_STRING = 0x04;
/** `[3]` in TBSCertificate (RFC 5280, section 4.1): the extensions. */
const EXTENSIONS = 0xa3;

/** Undefined where the certificate names no role that this product knows. */
export function certificateRole(pem: string): Role | undefined {
  const text = attributesOf(new X509Certificate(pem).raw);
  if (text === undefined) return undefined;
  try {
    const { attrs } = JSON.parse(text) as { attrs?: Record<string, unknown> };
    return Role.safeParse(attrs?.[ROLE_ATTRIBUTE]).data;
  } catch {
    return undefined;
  }
}

function attributesOf(certificate: Buffer): string | undefined {
  const tbs = elements(elements(certificate)[0]?.content)[0];
  const wrapper = elements(tbs?.content).find(({ tag }) => tag === EXTENSIONS);
  for (const extension of elements(elements(wrapper?.content)[0]?.content)) {
    const [id, ...rest] = extension.tag === SEQUENCE ? elements(extension.content) : [];
    if (id?.tag !== OBJECT_IDENTIFIER || !id.content.equals(ATTRIBUTES_OID)) continue;
    return rest.find(({ tag }) => tag === OCTET_STRING)?.content.toString('utf8');
  }
  return undefined;
}

type Element = Readonly<{ tag: number; content: Buffer }>;

/** The DER elements that lie side by side in some bytes. Stops where a length does not fit. */
function elements(bytes: Buffer | undefined): Element[] {
  const found: Element[] = [];
  let at = 0;
  while (bytes && at + 2 <= bytes.length) {
    const tag = bytes[at] as number;
    let length = bytes[at + 1] as number;
    at += 2;
    if (length & 0x80) {
      const size = length & 0x7f;
      if (size < 1 || size > 4 || at + size > bytes.length) break;
      length = bytes.readUIntBE(at, size);
      at += size;
    }
    if (at + length > bytes.length) break;
    found.push({ tag, content: bytes.subarray(at, at + length) });
    at += length;
  }
  return found;
}
