import { describe, expect, test } from '@jest/globals';
import {
  AggregationRule,
  needsSingleUpdates,
  type RuleSettings,
  requireSuitableRule,
  updatesNeeded,
} from './aggregationRule.js';
import { requireSoundProtocol } from './protocolRules.js';
import { exampleProtocol, type ProtocolInput } from './testing/exampleProtocol.js';

const members = (count: number) => Array.from({ length: count }, (_, k) => `H${String(k).padStart(2, '0')}MSP`);

describe('an aggregation rule', () => {
  test.each<[number, NonNullable<ProtocolInput['aggregation']>]>([
    [2, { rule: 'weighted-mean' }],
    [2, { rule: 'coordinate-median' }],
    [3, { rule: 'trimmed-mean', trim: 1 }],
    [5, { rule: 'trimmed-mean', trim: 2 }],
    [5, { rule: 'krum', dishonestMax: 1 }],
    [7, { rule: 'krum', dishonestMax: 2 }],
    [5, { rule: 'multi-krum', dishonestMax: 1 }],
    [9, { rule: 'multi-krum', dishonestMax: 2, selected: 5 }],
    [2, { rule: 'geometric-median' }],
    [2, { rule: 'norm-clipped-mean' }],
  ])('of %d hospitals with %j is accepted in open mode', (count, aggregation) => {
    expect(() => requireSoundProtocol(exampleProtocol({ members: members(count), aggregation }))).not.toThrow();
  });

  test.each<[number, NonNullable<ProtocolInput['aggregation']>, RegExp]>([
    [
      4,
      { rule: 'krum', dishonestMax: 1 },
      /krum with 1 dishonest hospitals takes 2 \* 1 \+ 3 = 5 hospitals, the study has 4/,
    ],
    [6, { rule: 'multi-krum', dishonestMax: 2 }, /= 7 hospitals, the study has 6/],
    [5, { rule: 'krum' }, /krum needs dishonestMax/],
    [5, { rule: 'multi-krum', selected: 1 }, /multi-krum needs dishonestMax/],
    [5, { rule: 'multi-krum', dishonestMax: 1, selected: 3 }, /at most n - f - 2 = 2 updates, not 3/],
    [5, { rule: 'trimmed-mean' }, /trimmed-mean needs trim/],
    [4, { rule: 'trimmed-mean', trim: 2 }, /leaves none: at most 1 can be trimmed/],
    [5, { rule: 'coordinate-median', trim: 1 }, /trim does not belong to coordinate-median/],
    [5, { rule: 'krum', dishonestMax: 1, selected: 1 }, /selected does not belong to krum/],
    [5, { rule: 'weighted-mean', dishonestMax: 1 }, /dishonestMax does not belong to weighted-mean/],
  ])('of %d hospitals with %j is refused', (count, aggregation, reason) => {
    const protocol = exampleProtocol({ members: members(count), aggregation });
    expect(() => requireSoundProtocol(protocol)).toThrow(/^PROTOCOL_RULE_UNSUITABLE: /);
    expect(() => requireSoundProtocol(protocol)).toThrow(reason);
  });

  const settingsOf = (rule: AggregationRule): RuleSettings => ({
    rule,
    ...(rule.endsWith('krum') ? { dishonestMax: 1 } : {}),
    ...(rule === 'trimmed-mean' ? { trim: 1 } : {}),
  });

  test.each(AggregationRule.options)('%s excludes masks if it looks at single updates', (rule) => {
    const ask = () => requireSuitableRule(settingsOf(rule), 9, 'private');
    if (rule === 'weighted-mean') expect(ask).not.toThrow();
    else expect(ask).toThrow(`${rule} looks at each hospital's update, and private mode hides them`);
    expect(needsSingleUpdates({ rule })).toBe(rule !== 'weighted-mean');
    const aggregation = settingsOf(rule);
    const protocol = exampleProtocol({ members: members(9), mode: 'private', aggregation });
    const propose = () => requireSoundProtocol(protocol);
    if (rule === 'weighted-mean') expect(propose).not.toThrow();
    else expect(propose).toThrow(/^PROTOCOL_RULE_UNSUITABLE: .*private mode/);
  });

  test('asks for the updates that it needs, and rounds wait for them', () => {
    expect(updatesNeeded({ rule: 'krum', dishonestMax: 3 })).toBe(9);
    expect(updatesNeeded({ rule: 'trimmed-mean', trim: 2 })).toBe(5);
    expect(updatesNeeded({ rule: 'geometric-median' })).toBe(1);
    const protocol = exampleProtocol({
      members: members(9),
      quorum: 6,
      aggregation: { rule: 'krum', dishonestMax: 2 },
    });
    expect(() => requireSoundProtocol(protocol)).toThrow(/quorum: 6 is outside 7/);
  });
});
