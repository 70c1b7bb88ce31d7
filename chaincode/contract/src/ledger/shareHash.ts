/** Joins list a SHA-256 of every share, so that a false one is known when it is revealed. */
import { createHash } from 'node:crypto';
import { type Msp, type ShareKind, sharePreimage } from '@consilium/domain';

/**
 * @param share in base64
 * @returns SHA-256 in base64
 */
export function shareHash(dealer: Msp, holder: Msp, kind: ShareKind, share: string): string {
  return createHash('sha256')
    .update(sharePreimage(dealer, holder, kind, Buffer.from(share, 'base64')))
    .digest('base64');
}
