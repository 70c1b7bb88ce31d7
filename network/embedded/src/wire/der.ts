/** The little of ASN.1 DER that Fabric's wire needs: block headers are hashed as DER, signatures are DER pairs. */

const INTEGER = 0x02;
const OCTET_STRING = 0x04;
const SEQUENCE = 0x30;

/** A two's complement INTEGER of a non-negative number. */
export function derInteger(value: bigint): Buffer {
  let hex = value.toString(16);
  if (hex.length % 2 === 1) hex = `0${hex}`;
  let bytes = Buffer.from(hex, 'hex');
  if ((bytes[0] as number) >= 0x80) bytes = Buffer.concat([Buffer.of(0), bytes]);
  return tagged(INTEGER, bytes);
}

/** An OCTET STRING. */
export function derOctets(bytes: Uint8Array): Buffer {
  return tagged(OCTET_STRING, bytes);
}

/** A SEQUENCE of already encoded parts. */
export function derSequence(...parts: Uint8Array[]): Buffer {
  return tagged(SEQUENCE, Buffer.concat(parts));
}

/**
 * Reads a DER `SEQUENCE { INTEGER r, INTEGER s }`, as ECDSA signatures are written; undefined where the bytes are
 * anything else (trailing bytes, negative numbers, needless leading zeros included).
 */
export function readEcdsaPair(bytes: Uint8Array): { r: bigint; s: bigint } | undefined {
  // Two 32-byte numbers need at most 72 bytes, so every length fits into one byte below 0x80.
  if (bytes.length < 8 || bytes.length > 72 || bytes[0] !== SEQUENCE || bytes[1] !== bytes.length - 2) return undefined;
  const r = readInteger(bytes, 2);
  const s = r && readInteger(bytes, r.end);
  if (!r || !s || s.end !== bytes.length) return undefined;
  return { r: r.value, s: s.value };
}

function readInteger(bytes: Uint8Array, at: number): { value: bigint; end: number } | undefined {
  const length = bytes[at + 1];
  if (bytes[at] !== INTEGER || length === undefined || length === 0 || length > 33) return undefined;
  const end = at + 2 + length;
  if (end > bytes.length) return undefined;
  const body = bytes.subarray(at + 2, end);
  const first = body[0] as number;
  const second = body[1];
  if (first >= 0x80) return undefined;
  if (first === 0 && second !== undefined && second < 0x80) return undefined;
  return { value: BigInt(`0x${Buffer.from(body).toString('hex')}`), end };
}

function tagged(tag: number, body: Uint8Array): Buffer {
  const length = body.length < 0x80 ? Buffer.of(body.length) : longLength(body.length);
  return Buffer.concat([Buffer.of(tag), length, body]);
}

function longLength(length: number): Buffer {
  let hex = length.toString(16);
  if (hex.length % 2 === 1) hex = `0${hex}`;
  const bytes = Buffer.from(hex, 'hex');
  return Buffer.concat([Buffer.of(0x80 | bytes.length), bytes]);
}
