import { effectiveConsent, takesEffectAt } from '@consilium/domain';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

describe('the consent in force, by any history', () => {
  const event = fc.record({
    kind: fc.constantFrom('grant', 'change', 'withdraw', 'expire', 'opt-out', 'opt-in'),
    effectiveFrom: fc.nat({ max: 20 }),
    recordedAt: fc.nat({ max: 20 }),
  });
  const history = fc
    .array(event, { maxLength: 8 })
    .map((events) => events.map((each, seq) => ({ seq, ...each })))
    .map((events) =>
      // Blocks stand in order, so events of a record were recorded in the order of their numbers.
      events.map((each, k) => ({
        ...each,
        recordedAt: Math.max(...events.slice(0, k + 1).map((one) => one.recordedAt)),
      })),
    );
  const day = fc.nat({ max: 21 });

  test('is not changed by what is recorded later', () => {
    fc.assert(
      fc.property(history, fc.nat({ max: 8 }), day, day, (events, kept, effectiveAt, knownAt) => {
        const earlier = events.slice(0, kept);
        const later = events
          .slice(kept)
          .map((each) => ({ ...each, recordedAt: Math.max(each.recordedAt, knownAt + 1) }));
        const asOf = { effectiveAt, knownAt };
        expect(effectiveConsent([...later, ...earlier], asOf)).toEqual(effectiveConsent(earlier, asOf));
      }),
      { numRuns: 2_000 },
    );
  });

  test('is ended by a withdrawal from the earlier of its date and its recording on, until something begins after it', () => {
    fc.assert(
      fc.property(
        history,
        fc.nat({ max: 20 }),
        fc.nat({ max: 20 }),
        day,
        (events, effectiveFrom, late, effectiveAt) => {
          const recordedAt = Math.max(late, ...events.map((each) => each.recordedAt));
          const withdrawal = { seq: events.length, kind: 'withdraw' as const, effectiveFrom, recordedAt };
          const found = effectiveConsent([...events, withdrawal], { effectiveAt, knownAt: 21 });
          if (takesEffectAt(withdrawal) <= effectiveAt) expect(found).toEqual(withdrawal);
          else expect(found).toEqual(effectiveConsent(events, { effectiveAt, knownAt: 21 }));
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
