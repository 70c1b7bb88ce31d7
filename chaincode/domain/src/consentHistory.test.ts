import { describe, expect, test } from '@jest/globals';
import type { ConsentKind } from './consent.js';
import { effectiveConsent, type PlacedInTime, takesEffectAt } from './consentHistory.js';

/** Times in days. */
function event(seq: number, kind: ConsentKind, effectiveFrom: number, recordedAt = effectiveFrom): PlacedInTime {
  return { seq, kind, effectiveFrom, recordedAt };
}

const NOW = 1_000;
const inForce = (events: readonly PlacedInTime[], effectiveAt: number, knownAt = NOW) =>
  effectiveConsent(events, { effectiveAt, knownAt })?.seq;

describe('the consent in force', () => {
  const history = [
    event(0, 'grant', 10, 200),
    event(1, 'change', 210),
    event(2, 'withdraw', 300),
    event(3, 'grant', 400),
  ];

  test.each([
    [9, undefined],
    [10, 0],
    [209, 0],
    [210, 1],
    [299, 1],
    [300, 2],
    [399, 2],
    [400, 3],
  ])('at %d, by all that is known now, is event %p', (effectiveAt, seq) => {
    expect(inForce(history, effectiveAt)).toBe(seq);
    expect(inForce(history.toReversed(), effectiveAt)).toBe(seq);
  });

  test('is what was known then: a grant from paper was not on file before it was recorded', () => {
    expect(inForce(history, 100, 199)).toBeUndefined();
    expect(inForce(history, 100, 200)).toBe(0);
  });

  test('is never obscured by what came later', () => {
    expect(inForce(history, 350, 299)).toBe(1);
    const later = [...history, event(4, 'withdraw', 10, 500), event(5, 'grant', 10, 600)];
    for (let at = 0; at < 500; at += 1)
      for (const knownAt of [0, 200, 250, 499]) expect(inForce(later, at, knownAt)).toBe(inForce(history, at, knownAt));
  });

  test('ends with a withdrawal at the earlier of its date and its recording', () => {
    expect(takesEffectAt(event(1, 'withdraw', 50, 60))).toBe(50);
    expect(takesEffectAt(event(1, 'withdraw', 70, 60))).toBe(60);
    expect(takesEffectAt(event(1, 'grant', 70, 60))).toBe(70);
    const postdated = [event(0, 'grant', 10), event(1, 'withdraw', 900, 50)];
    expect(inForce(postdated, 50)).toBe(1);
    expect(inForce(postdated, 49)).toBe(0);
  });

  test('is over from the date of a withdrawal that is recorded late, once that is known', () => {
    const late = [event(0, 'grant', 10), event(1, 'withdraw', 100, 300)];
    expect(inForce(late, 200, 299)).toBe(0);
    expect(inForce(late, 200, 300)).toBe(1);
    expect(inForce(late, 99, 300)).toBe(0);
  });

  test('does not come back by an older paper that is found after a withdrawal', () => {
    const found = [event(0, 'grant', 10), event(1, 'withdraw', 100), event(2, 'grant', 50, 200)];
    expect(inForce(found, 150)).toBe(1);
    expect(inForce(found, 75)).toBe(2);
  });

  test('is ended by a withdrawal that is dated before the grant that it follows', () => {
    expect(inForce([event(0, 'grant', 100), event(1, 'withdraw', 40, 120)], 150)).toBe(1);
  });

  test('of no events is none', () => {
    expect(inForce([], NOW)).toBeUndefined();
  });
});
