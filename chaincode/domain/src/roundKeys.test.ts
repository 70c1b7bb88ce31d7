import { describe, expect, test } from '@jest/globals';
import { bytesToBase64 } from './base64.js';
import type { Msp } from './ids.js';
import {
  DealtShares,
  dealtShares,
  listedShareHash,
  revealedShares,
  SEALED_SHARES_BYTES,
  SHARE_HASH_BYTES,
  sealedSharesOf,
  shareHash,
  shareOf,
} from './roundKeys.js';

const [A, B, C] = ['AMSP', 'BMSP', 'CMSP'] as [Msp, Msp, Msp];
const bytes = (length: number, first: number) => Uint8Array.from({ length }, (_, k) => (first + k) % 256);

describe('what a join lists for a holder', () => {
  const parts = [bytes(SEALED_SHARES_BYTES, 1), bytes(SHARE_HASH_BYTES, 100), bytes(SHARE_HASH_BYTES, 200)] as const;

  test('is taken apart as it was put together', () => {
    const dealt = DealtShares.parse(dealtShares(...parts));
    expect([sealedSharesOf(dealt), listedShareHash(dealt, 'selfMask'), listedShareHash(dealt, 'maskKey')]).toEqual(
      parts,
    );
    expect(() => dealtShares(parts[0], parts[1], new Uint8Array(1))).toThrow(RangeError);
    expect(sealedSharesOf('AAAA')).toBeUndefined();
    expect(listedShareHash('AAAA', 'maskKey')).toBeUndefined();
  });
});

test('a share’s hash is another one for every dealer, holder and kind', () => {
  const share = bytes(33, 5);
  const hashes = [shareHash(A, B, 'selfMask', share), shareHash(A, B, 'maskKey', share)];
  hashes.push(shareHash(A, C, 'selfMask', share), shareHash(B, A, 'selfMask', share));
  expect(hashes.every(({ length }) => length === SHARE_HASH_BYTES)).toBe(true);
  expect(new Set(hashes.map(bytesToBase64)).size).toBe(4);
});

test('a reveal has one place for each hospital: what it is a share of follows from the survivors', () => {
  const round = { available: [A, B, C] };
  const reveal = { shares: ['of A', null, 'of C'] };
  expect(shareOf(round, reveal, A)).toBe('of A');
  expect(shareOf(round, reveal, B)).toBeUndefined();
  expect(shareOf(round, reveal, 'OtherMSP' as Msp)).toBeUndefined();
  expect(revealedShares(round, [A, B], reveal)).toEqual([
    { of: A, kind: 'selfMask', share: 'of A' },
    { of: C, kind: 'maskKey', share: 'of C' },
  ]);
});
