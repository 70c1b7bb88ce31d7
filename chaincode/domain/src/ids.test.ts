import { describe, expect, test } from '@jest/globals';
import { Base64, Digest, Instant, Msp, RoundNumber, StudyId } from './ids.js';
import { ReceiptKey, VoteSubject } from './study.js';

const digest = 'a'.repeat(64);

describe('identifiers', () => {
  test.each([
    ['MSP', Msp, ['ClevelandMSP', 'a', 'Org1.example-2MSP', `A${'b'.repeat(62)}`]],
    ['study', StudyId, ['heart', 'a', '0', 'heart-disease-2', 'a'.repeat(40)]],
    ['digest', Digest, [digest]],
    ['round number', RoundNumber, [0, 9_999_999_999]],
    ['instant', Instant, [0, 8_640_000_000_000_000]],
    ['base64', Base64, ['', 'QQ==', 'QUI=', 'QUJD']],
    ['receipt key', ReceiptKey, [`${'A'.repeat(43)}=`]],
    [
      'vote subject',
      VoteSubject,
      ['end', 'resume~0000000005', 'finish~0000000001', 'abort~9999999999', 'veto~0000000000'],
    ],
  ])('a %s is accepted', (_, schema, values) => {
    for (const value of values) expect(schema.safeParse(value)).toMatchObject({ success: true, data: value });
  });

  test.each([
    // '~' would forge a key's part, so no id may hold it.
    ['MSP', Msp, ['', '1MSP', 'Cleve~landMSP', 'Cleveland MSP', `A${'b'.repeat(63)}`, 'MSP\n']],
    ['study', StudyId, ['', '-heart', 'heart-', 'Heart', 'he~art', 'a'.repeat(41)]],
    ['digest', Digest, ['', digest.toUpperCase(), digest.slice(1), `${digest}0`, `${digest}\n`]],
    ['round number', RoundNumber, [-1, 0.5, 10_000_000_000, Number.NaN, '1']],
    ['instant', Instant, [-1, 8_640_000_000_000_001]],
    ['base64', Base64, ['Q', 'QQ=', 'QQ', 'Q-==', 'QUJD\n']],
    ['receipt key', ReceiptKey, ['A'.repeat(44), `${'A'.repeat(42)}==`, `${'-'.repeat(43)}=`]],
    ['vote subject', VoteSubject, ['end~1', 'resume~5', 'resume~00000000005', 'start', 'veto~000000000x', 'END']],
  ])('a wrong %s is refused', (_, schema, values) => {
    for (const value of values) expect({ value, ...schema.safeParse(value) }).toMatchObject({ value, success: false });
  });
});
