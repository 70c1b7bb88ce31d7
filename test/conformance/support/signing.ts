import { createPrivateKey, sign as ecdsa } from 'node:crypto';

/** Order of the curve P-256 (FIPS 186-4, D.1.2.3). */
const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const SCALAR_BYTES = 32;

/** ECDSA with P-256 over SHA-256 of a message, DER, with low S as Fabric wants it, or on purpose with high S. */
export function signMessage(keyPem: string, message: Uint8Array, half: 'low' | 'high' = 'low'): Uint8Array {
  const raw = ecdsa('sha256', message, { key: createPrivateKey(keyPem), dsaEncoding: 'ieee-p1363' });
  const s = BigInt(`0x${raw.subarray(SCALAR_BYTES).toString('hex')}`);
  const isLow = s <= P256_ORDER / 2n;
  const wanted = isLow === (half === 'low') ? s : P256_ORDER - s;
  const content = Buffer.concat([derInteger(raw.subarray(0, SCALAR_BYTES)), derInteger(scalarBytes(wanted))]);
  return Buffer.concat([Buffer.from([0x30, content.length]), content]);
}

function scalarBytes(value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(SCALAR_BYTES * 2, '0'), 'hex');
}

/** A positive integer in DER: no leading zeros, but one where the first bit would make it negative. */
function derInteger(bytes: Buffer): Buffer {
  const start = bytes.findIndex((byte) => byte !== 0);
  const short = bytes.subarray(start < 0 ? bytes.length - 1 : start);
  const content = (short[0] as number) >= 0x80 ? Buffer.concat([Buffer.from([0]), short]) : short;
  return Buffer.concat([Buffer.from([0x02, content.length]), content]);
}
