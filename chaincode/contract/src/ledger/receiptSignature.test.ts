import { describe, expect, test } from '@jest/globals';
import { isSignedBy } from './receiptSignature.js';

const base64 = (hex: string) => Buffer.from(hex, 'hex').toString('base64');

/** RFC 8032, section 7.1, test 2: a message of the one byte 0x72, the letter r. */
const KEY = base64('3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c');
const SIGNATURE = base64(
  '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
);

describe('a receipt signature', () => {
  test('is verified as RFC 8032 says', () => {
    expect(isSignedBy(KEY, 'r', SIGNATURE)).toBe(true);
  });

  test.each([
    ['another text', KEY, 's', SIGNATURE],
    ['another key', base64('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a'), 'r', SIGNATURE],
    ['a changed signature', KEY, 'r', SIGNATURE.replace(/^./, 'A')],
    ['a signature that is too short', KEY, 'r', SIGNATURE.slice(0, 40)],
    ['a key that is none', 'AAAA', 'r', SIGNATURE],
    ['no key', '', 'r', SIGNATURE],
    ['nothing', '', '', ''],
  ])('is refused with %s', (_, key, text, signature) => {
    expect(isSignedBy(key, text, signature)).toBe(false);
  });
});
