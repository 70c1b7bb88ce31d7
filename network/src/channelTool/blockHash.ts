import { createHash } from 'node:crypto';

const INTEGER = 0x02;
const OCTET_STRING = 0x04;
const SEQUENCE = 0x30;

/**
 * The hash of a block, which the next block carries: SHA-256 of its header in DER, as Fabric's `protoutil` has it:
 * SEQUENCE of INTEGER number, OCTET STRING previous hash, OCTET STRING hash of the transactions.
 */
export function blockHash(number: number, previous: Uint8Array, transactions: Uint8Array): Buffer {
  const hex = number.toString(16);
  const digits = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  // The highest bit of an INTEGER is its sign.
  const positive = (digits[0] ?? 0) < 0x80 ? digits : Buffer.concat([Buffer.of(0), digits]);
  const content = Buffer.concat([
    field(INTEGER, positive),
    field(OCTET_STRING, Buffer.from(previous)),
    field(OCTET_STRING, Buffer.from(transactions)),
  ]);
  return createHash('sha256').update(field(SEQUENCE, content)).digest();
}

/** All three parts together stay below 128 bytes, so that one byte holds every length. */
function field(tag: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.of(tag, content.length), content]);
}
