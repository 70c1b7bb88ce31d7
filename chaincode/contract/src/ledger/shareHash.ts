/** Joins list a hash of every share, so that a false one is known when it is revealed. */
import { createHash } from 'node:crypto';
import { bytesToBase64, type Msp, type ShareKind, shareHash as shareHashOf } from '@consilium/domain';

/**
 * @param share in base64
 * @returns the hash as joins list it, in base64
 */
export function shareHash(dealer: Msp, holder: Msp, kind: ShareKind, share: string): string {
  const bytes = Buffer.from(share, 'base64');
  return bytesToBase64(
    shareHashOf(dealer, holder, kind, bytes, (content) => createHash('sha256').update(content).digest()),
  );
}
