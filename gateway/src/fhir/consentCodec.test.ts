import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readConsent, versionNamed, writeConsent } from './consentCodec.js';
import { anyStatement, STATEMENT } from './testing/statements.js';

const RUNS = { numRuns: 150 };

describe('a consent', () => {
  test('of R4 is what was written, whatever it says', async () => {
    await fc.assert(
      fc.asyncProperty(anyStatement, async (statement) => {
        expect(await readConsent(writeConsent(statement, '4.0'), '4.0')).toEqual(statement);
      }),
      RUNS,
    );
  });

  test('of R5 is what was written, whatever it says', async () => {
    await fc.assert(
      fc.asyncProperty(anyStatement, async (statement) => {
        expect(await readConsent(writeConsent(statement, '5.0'), '5.0')).toEqual(statement);
      }),
      RUNS,
    );
  });

  test('goes from R4 to R5 and back, and is the same resource', async () => {
    await fc.assert(
      fc.asyncProperty(anyStatement, async (statement) => {
        const r4 = writeConsent(statement, '4.0');
        const r5 = writeConsent(await readConsent(r4, '4.0'), '5.0');
        expect(writeConsent(await readConsent(r5, '5.0'), '4.0')).toEqual(r4);
      }),
      RUNS,
    );
  });

  test('that permits some use is in R5 an exception to deny: nobody who reads it takes it for more', () => {
    const r5 = writeConsent(STATEMENT, '5.0');
    expect(r5.decision).toBe('deny');
    expect(r5.provision).toHaveLength(1);
    expect(r5.provision?.[0]?.purpose?.[0]).toMatchObject({ code: 'DUO:0000007' });
  });
});

test.each([
  [undefined, '4.0'],
  ['4.0', '4.0'],
  ['4.0.1', '4.0'],
  ['5.0', '5.0'],
] as const)('the version named %s is %s', (named, version) => expect(versionNamed(named)).toBe(version));

test.each(['3.0', '4.3', 'R4', '', '4.0; x'])('the version %s is not spoken', (named) => {
  expect(() => versionNamed(named)).toThrow('FHIR_VERSION_UNKNOWN');
});
