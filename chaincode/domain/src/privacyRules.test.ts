import { describe, expect, test } from '@jest/globals';
import { privacyTable } from './privacyRules.js';
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

  test('of a table that is off by a last digit is accepted, as of another engine', () => {
    const other = table.map((spent) => spent + 1);
    expect(() =>
      requireSoundProtocol(exampleProtocol({ ...SOUND, ...withPrivacy({ spentMicroEpsilonAfterRound: other }) })),
    ).not.toThrow();
  });

  test.each<[string, Partial<ProtocolInput>, RegExp]>([
    ['statistics of all hospitals', { standardisation: 'federated' }, /declared ranges, not federated/],
    ['its own statistics', { standardisation: 'per-hospital' }, /declared ranges, not per-hospital/],
    ['evaluations in training rounds', { metrics: 'sums' }, /metrics must be final/],
    ['figures of single hospitals', { metrics: 'open' }, /metrics must be final/],
    ['a model without gradients of single patients', { model: layersModel }, /layers-model/],
    [
      'a table that is too low',
      withPrivacy({ spentMicroEpsilonAfterRound: table.map((spent) => spent - 2) }),
      /after 1 rounds/,
    ],
    [
      'a table of one late entry',
      withPrivacy({ spentMicroEpsilonAfterRound: table.with(7, 1) }),
      /after 8 rounds .* the table says 1$/,
    ],
    [
      'a table of fewer rounds',
      withPrivacy({ spentMicroEpsilonAfterRound: table.slice(1) }),
      /12 entries, the study has 13/,
    ],
    ['less noise than the table is of', withPrivacy({ noiseMultiplier: 19 }), /after 1 rounds/],
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
