/** The little of ASN.1 DER that certificates, revocation lists, block headers and signatures need (X.690). */
import { Doubt, must } from '../doubt.js';

export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectIdentifier: 0x06,
  sequence: 0x30,
  set: 0x31,
  utcTime: 0x17,
  generalizedTime: 0x18,
} as const;

export type Element = Readonly<{ tag: number; content: Buffer; whole: Buffer }>;

/** The elements that lie side by side. @throws Doubt where one is cut off or written longer than it is */
export function elements(bytes: Buffer): Element[] {
  const found: Element[] = [];
  for (let at = 0; at < bytes.length; ) {
    const first = bytes[at + 1];
    must(first !== undefined, 'DER is cut off');
    const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
    must(lengthBytes <= 4 && at + 2 + lengthBytes <= bytes.length, 'DER is cut off');
    must(first !== 0x80, 'DER has no open lengths');
    const length = lengthBytes === 0 ? first : bytes.readUIntBE(at + 2, lengthBytes);
    const shortest = length < 0x80 ? 0 : Math.ceil(length.toString(16).length / 2);
    must(lengthBytes === shortest, 'DER: a length is written longer than it is');
    const start = at + 2 + lengthBytes;
    must(start + length <= bytes.length, 'DER is cut off');
    found.push({
      tag: bytes[at] as number,
      content: bytes.subarray(start, start + length),
      whole: bytes.subarray(at, start + length),
    });
    at = start + length;
  }
  return found;
}

/** The elements inside a SEQUENCE, which is all that the bytes hold. */
export function sequence(bytes: Buffer): Element[] {
  const [only, ...rest] = elements(bytes);
  if (only?.tag !== TAG.sequence || rest.length > 0) throw new Doubt('DER: one SEQUENCE is expected');
  return elements(only.content);
}

/** DER of a block's header, which is hashed and signed: SEQUENCE of number, previous hash, data hash; short of 128 bytes. */
export function headerDer(number: number, previousHash: Uint8Array, dataHash: Uint8Array): Buffer {
  const hex = number.toString(16);
  const digits = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  const positive = (digits[0] as number) < 0x80 ? digits : Buffer.concat([Buffer.of(0), digits]);
  const field = (tag: number, content: Uint8Array) => Buffer.concat([Buffer.of(tag, content.length), content]);
  const content = Buffer.concat([
    field(TAG.integer, positive),
    field(TAG.octetString, previousHash),
    field(TAG.octetString, dataHash),
  ]);
  return field(TAG.sequence, content);
}
