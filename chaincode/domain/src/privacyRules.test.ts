import { describe, expect, test } from '@jest/globals';
import { privacyTable, requireTrueTable } from './privacyRules.js';
import { requireSoundProtocol } from './protocolRules.js';
import { asksForStatistics, hasAcceptanceRule, roundsMax } from './study.js';
import { EXAMPLE, exampleProtocol, type ProtocolInput } from './testing/exampleProtocol.js';

const settings = { samplingRate: 1, noiseMultiplier: 20, delta: 1e-5 };
const rounds = { trainingRounds: 3, training: EXAMPLE.training as never };
const table = privacyTable(settings, rounds);
const privacy: NonNullable<ProtocolInput['privacy']> = {
  ...settings,
  patientClipNorm: 1,
  budgetMicroEpsilon: 2_000_000,
  spentMicroEpsilonAfterRound: table,
  declaredPatients: { ClevelandMSP: 199, HungaryMSP: 172, SwitzerlandMSP: 30, VaMSP: 85 },
};
const SOUND: Partial<ProtocolInput> = {
  standardisation: 'declared-ranges',
  metrics: 'final',
  validationShare: 0,
  privacy,
};
const layersModel: ProtocolInput['model'] = {
  kind: 'layers-model',
  topology: {},
  tensors: [{ name: 'a/kernel', shape: [3] }],
};
const withPrivacy = (changes: object) => ({ privacy: { ...privacy, ...changes } });

describe('a private study', () => {
  test('is accepted, asks for no statistics and judges no version', () => {
    const protocol = exampleProtocol(SOUND);
    expect(() => requireSoundProtocol(protocol)).not.toThrow();
    expect(asksForStatistics(protocol)).toBe(false);
    expect(hasAcceptanceRule(protocol)).toBe(false);
    expect(table).toHaveLength(roundsMax(protocol));
  });

  test.each<[string, Partial<ProtocolInput>, RegExp]>([
    ['statistics of all hospitals', { standardisation: 'federated' }, /declared ranges, not federated/],
    ['its own statistics', { standardisation: 'per-hospital' }, /declared ranges, not per-hospital/],
    ['evaluations in training rounds', { metrics: 'sums' }, /metrics must be final/],
    ['figures of single hospitals', { metrics: 'open' }, /metrics must be final/],
    ['a model without gradients of single patients', { model: layersModel }, /layers-model/],
    ['a table that falls again', withPrivacy({ spentMicroEpsilonAfterRound: table.with(7, 1) }), /falls after round 7/],
    [
      'a table of fewer rounds',
      withPrivacy({ spentMicroEpsilonAfterRound: table.slice(1) }),
      /12 entries, the study has 13/,
    ],
    [
      'a budget that ends before the study',
      withPrivacy({ budgetMicroEpsilon: (table[2] as number) - 1 }),
      /3 training rounds spend/,
    ],
    ['test rows by hash', { split: { kind: 'hash', testShare: 0.3 } }, /must be listed/],
    ['a part of the training rows', { trainingShare: 0.5 }, /trainingShare must be 1/],
    ['validation rows', { validationShare: 0.2 }, /validationShare must be 0/],
    [
      'a hospital that declares nothing',
      withPrivacy({ declaredPatients: { VaMSP: 85 } }),
      /declaredPatients names VaMSP, the members/,
    ],
  ])('with %s is refused', (_, changes, reason) => {
    const protocol = exampleProtocol({ ...SOUND, ...changes });
    expect(() => requireSoundProtocol(protocol)).toThrow(/^PROTOCOL_PRIVACY_UNSOUND: /);
    expect(() => requireSoundProtocol(protocol)).toThrow(reason);
  });

  test.each([
    { samplingRate: 0 },
    { samplingRate: 1.01 },
    { noiseMultiplier: 0 },
    { delta: 0.02 },
    { patientClipNorm: 0 },
  ])('of %j does not parse', (changes) => {
    expect(() => exampleProtocol({ ...SOUND, ...withPrivacy(changes) })).toThrow();
  });
});

describe('the table of what is spent', () => {
  const asked = (changes: object) => () => requireTrueTable(exampleProtocol({ ...SOUND, ...withPrivacy(changes) }));

  test('is that of the accountant; off by a last digit it is that of another engine', () => {
    expect(asked({})).not.toThrow();
    expect(asked({ spentMicroEpsilonAfterRound: table.map((spent) => spent + 1) })).not.toThrow();
    expect(() => requireTrueTable(exampleProtocol())).not.toThrow();
  });

  test.each<[string, object, RegExp]>([
    ['is too low', { spentMicroEpsilonAfterRound: table.map((spent) => spent - 2) }, /after 1 rounds of 10 steps/],
    ['is of more noise', { noiseMultiplier: 19 }, /after 1 rounds .* sigma 19/],
    ['is of a larger delta', { delta: 1e-6 }, /after 1 rounds .* delta 0.000001/],
    ['is of fewer patients in a step', { samplingRate: 0.5, noiseMultiplier: 5 }, /after 1 rounds .* q 0.5/],
    [
      'is flat at its end',
      { spentMicroEpsilonAfterRound: table.map((spent, k) => (k < 3 ? spent : (table[2] as number))) },
      /after 4 rounds .*; the table says/,
    ],
    ['ends too early', { spentMicroEpsilonAfterRound: table.slice(0, 3) }, /after 4 rounds .* says nothing$/],
  ])('is refused where it %s, with what differs', (_, changes, reason) => {
    expect(asked(changes)).toThrow(/^PRIVACY_TABLE_FALSE: /);
    expect(asked(changes)).toThrow(reason);
  });
});
