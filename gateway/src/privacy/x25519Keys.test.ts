import { X25519Key } from '@consilium/domain';
import { describe, expect, test } from '@jest/globals';
import { makeX25519Pair, x25519Secret } from './x25519Keys.js';

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
const P = 2n ** 255n - 19n;
/** Little-endian, as RFC 7748 writes a coordinate. */
const keyOf = (u: bigint) => Uint8Array.from({ length: 32 }, (_, k) => Number((u >> BigInt(8 * k)) & 255n));
/** u of the points of order 8; the others of small order are 0, 1 and p-1, and what is the same modulo p. */
const OF_ORDER_8 = [
  325606250916557431795983626356110631294008115727848805560023387167927233504n,
  39382357235489614581723060781553021112529911719440698176882885853963445705823n,
];
const SMALL = [0n, 1n, ...OF_ORDER_8, P - 1n, P, P + 1n];

describe('a public key of small order', () => {
  test.each(SMALL.flatMap((u) => [u, u + 2n ** 255n]).map((u) => [u.toString(16), u] as const))(
    '%s gives no secret, and is none to the channel',
    (_, u) => {
      expect(() => x25519Secret(makeX25519Pair().privateKey, keyOf(u))).toThrow();
      expect(X25519Key.safeParse(base64(keyOf(u))).success).toBe(false);
    },
  );

  test('is no fresh key, nor one beside it', () => {
    for (const u of [2n, 9n, P - 2n]) {
      expect(x25519Secret(makeX25519Pair().privateKey, keyOf(u))).toHaveLength(32);
      expect(X25519Key.safeParse(base64(keyOf(u))).success).toBe(true);
    }
    for (let k = 0; k < 100; k += 1) X25519Key.parse(base64(makeX25519Pair().publicKey));
  });
});
