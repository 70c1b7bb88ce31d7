/** Receipts are Ed25519 signatures (RFC 8032) by a member's receipt key, over the domain's `receiptPayload`. */
import { createPublicKey, verify } from 'node:crypto';

/**
 * @param publicKey 32 raw bytes in base64
 * @param signature 64 bytes in base64
 * @returns false for a key that is none, too
 */
export function isReceiptSignature(publicKey: string, payload: string, signature: string): boolean {
  try {
    const x = Buffer.from(publicKey, 'base64').toString('base64url');
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
    return verify(null, Buffer.from(payload), key, Buffer.from(signature, 'base64'));
  } catch {
    return false;
  }
}
