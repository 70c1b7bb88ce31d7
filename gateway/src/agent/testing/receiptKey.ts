/** A receipt key of one hospital. */
import { generateKeyPairSync, sign } from 'node:crypto';
import type { ReceiptKeys } from '../ports.js';

export type OneReceiptKey = Readonly<{ publicKey: string; keys: ReceiptKeys; sign(payload: string): string }>;

export function newReceiptKey(): OneReceiptKey {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x as string, 'base64url').toString('base64');
  const signed = (payload: string) => sign(null, Buffer.from(payload), privateKey).toString('base64');
  const keys: ReceiptKeys = { publicKey: async () => raw, sign: async (_study, payload) => signed(payload) };
  return { publicKey: raw, keys, sign: signed };
}
