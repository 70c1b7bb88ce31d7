/** Shamir's secret sharing (1979) over GF(2^8) modulo x^8 + x^4 + x^3 + x + 1, and what a dealer committed to. */
import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';

const SECRET_BYTES = 32;
/** A share is the polynomials' values, then the point that they are taken at. */
const SHARE_BYTES = SECRET_BYTES + 1;
const REDUCTION = 0x11b;

/** What stands before a raw X25519 private key in PKCS #8 (RFC 8410, section 7). */
const PKCS8_HEAD = Buffer.from('302e020100300506032b656e04220420', 'hex');

/**
 * The value of the polynomials at 0, by Lagrange's formula.
 * @returns undefined where the shares do not go together at all: another length, or one point twice
 */
export function recombined(shares: readonly Buffer[]): Buffer | undefined {
  const points = shares.map((share) => share[SECRET_BYTES] as number);
  if (shares.length < 2 || shares.some(({ length }) => length !== SHARE_BYTES)) return undefined;
  if (new Set(points).size !== points.length) return undefined;
  const secret = Buffer.alloc(SECRET_BYTES);
  for (const [k, share] of shares.entries()) {
    const own = points[k] as number;
    let [above, below] = [1, 1];
    for (const other of points) {
      if (other === own) continue;
      // Adding and taking off are one in this field: 0 - other is other.
      above = times(above, other);
      below = times(below, own ^ other);
    }
    const factor = times(above, inverse(below));
    for (let i = 0; i < SECRET_BYTES; i++) secret[i] = (secret[i] as number) ^ times(share[i] as number, factor);
  }
  return secret;
}

function times(a: number, b: number): number {
  let product = 0;
  for (let [left, right] = [a, b]; right > 0; right >>= 1) {
    if (right & 1) product ^= left;
    left <<= 1;
    if (left & 0x100) left ^= REDUCTION;
  }
  return product;
}

/** a^254: the field has 256 elements. */
function inverse(a: number): number {
  let power = 1;
  for (let k = 0; k < 254; k++) power = times(power, a);
  return power;
}

/** Whether these 32 bytes are the self mask that a join committed to, in base64. */
export function isSelfMask(secret: Buffer, committed: string): boolean {
  return createHash('sha256').update(secret).digest('base64') === committed;
}

/** Whether these 32 bytes are the private key of the mask key that a join published, in base64. */
export function isMaskKey(secret: Buffer, published: string): boolean {
  const { x } = createPublicKey(privateKey(secret)).export({ format: 'jwk' });
  return x !== undefined && Buffer.from(x, 'base64url').toString('base64') === published;
}

export function privateKey(raw: Buffer): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PKCS8_HEAD, raw]), format: 'der', type: 'pkcs8' });
}

/** @param published 32 raw bytes in base64 */
export function publicKey(published: string): KeyObject {
  const x = Buffer.from(published, 'base64').toString('base64url');
  return createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x }, format: 'jwk' });
}
