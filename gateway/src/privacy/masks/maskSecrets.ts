/** What a hospital makes for one round, commits to in its join, and destroys once its masked vector stands. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { makeKeyPair, publicKeyOf } from './maskKeys.js';

export const SELF_MASK_BYTES = 32;

/** `selfMask` is b_i; `maskKey` is m_i, a private X25519 key. */
export type MaskSecrets = Readonly<{ selfMask: Uint8Array; maskKey: Uint8Array }>;

/** What the join says of them: SHA-256 of b_i, and M_i. */
export type MaskCommitments = Readonly<{ selfMaskHash: Uint8Array; maskKey: Uint8Array }>;

/** Fresh ones, from the operating system. */
export function makeMaskSecrets(): MaskSecrets {
  return { selfMask: Uint8Array.from(randomBytes(SELF_MASK_BYTES)), maskKey: makeKeyPair().privateKey };
}

export function commitmentsOf({ selfMask, maskKey }: MaskSecrets): MaskCommitments {
  return { selfMaskHash: selfMaskHashOf(selfMask), maskKey: publicKeyOf(maskKey) };
}

/** Whether a secret is the one that was committed to. `kind` says which. */
export function isCommitted(commitments: MaskCommitments, kind: SecretKind, secret: Uint8Array): boolean {
  if (secret.length !== SELF_MASK_BYTES) return false;
  return kind === 'self'
    ? timingSafeEqual(selfMaskHashOf(secret), commitments.selfMaskHash)
    : timingSafeEqual(publicKeyOf(secret), commitments.maskKey);
}

/** Both secrets are shared; of one hospital only ever one of them is put together again. */
export type SecretKind = 'self' | 'mask';

/** Overwrites them. What other copies there are is the store's to know. */
export function destroySecrets({ selfMask, maskKey }: MaskSecrets): void {
  selfMask.fill(0);
  maskKey.fill(0);
}

function selfMaskHashOf(selfMask: Uint8Array): Uint8Array {
  return createHash('sha256').update(selfMask).digest();
}
