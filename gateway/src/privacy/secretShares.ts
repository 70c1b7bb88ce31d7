/** Shamir's secret sharing (1979) over GF(2^8): any `threshold` of the shares give the secret, fewer tell nothing. */
import { combine, split } from 'shamir-secret-sharing';

/** Bytes of a secret that is shared: a self mask, or the private key of a mask key. */
export const SECRET_BYTES = 32;

/**
 * @param secret 32 bytes
 * @param holders how many shares, 2 to 255
 * @param threshold how many of them give the secret back, 2 to `holders`
 * @returns shares of 33 bytes, in the order of the holders
 */
export async function splitSecret(secret: Uint8Array, holders: number, threshold: number): Promise<Uint8Array[]> {
  if (secret.length !== SECRET_BYTES) throw new RangeError(`a secret of ${secret.length} bytes: 32 are shared`);
  return split(Uint8Array.from(secret), holders, threshold);
}

/**
 * Does not know a false share: whoever combines compares the secret with what its dealer committed to.
 * @param shares of one secret, at least as many as the threshold, of different holders
 * @returns undefined where they do not go together at all
 */
export async function combineShares(shares: readonly Uint8Array[]): Promise<Uint8Array | undefined> {
  try {
    const secret = await combine(shares.map((share) => Uint8Array.from(share)));
    return secret.length === SECRET_BYTES ? secret : undefined;
  } catch {
    return undefined;
  }
}
