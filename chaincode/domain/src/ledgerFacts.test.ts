import { describe, expect, test } from '@jest/globals';
import type { Msp, StudyId } from './ids.js';
import { recordUnder, valueUnder } from './ledgerFacts.js';
import { ledgerKey } from './ledgerKeys.js';
import { Attestation, Join } from './round.js';
import { ShareKey } from './roundKeys.js';
import { version } from './testing/exampleRound.js';

const study = 'heart' as StudyId;
const msp = 'St-Vincent.MSP' as Msp;

describe('a fact on the ledger', () => {
  const join: Join = { study, round: 12, msp, at: 7 };
  const key = ledgerKey.join(study, 12, msp);

  test('does not repeat what its key says, and is read back whole', () => {
    expect(valueUnder(key, join)).toEqual({ at: 7 });
    expect(recordUnder(Join, key, { at: 7 })).toEqual(join);
    const share: ShareKey = { study, msp, index: 3, publicKey: `${'C'.repeat(42)}A=` };
    const shareKey = ledgerKey.shareKey(study, msp, 3);
    expect(Object.keys(valueUnder(shareKey, share))).toEqual(['publicKey']);
    expect(recordUnder(ShareKey, shareKey, valueUnder(shareKey, share))).toEqual(share);
  });

  test('is of the hospital that its key names, whatever its value says', () => {
    expect(recordUnder(Join, key, { ...join, msp: 'OtherMSP' })).toEqual(join);
  });

  test('of another noun stands as it is', () => {
    const about = { study, round: 12, outcome: version('x') };
    expect(valueUnder('close~heart~0000000012~joining', about)).toEqual(about);
    expect(() => recordUnder(Attestation, 'close~heart~0000000012~joining', { ...about, at: 1 })).toThrow();
  });
});
