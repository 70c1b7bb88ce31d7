import { describe, expect, test } from '@jest/globals';
import { requireSoundProtocol } from './protocolRules.js';
import { exampleProtocol, type ProtocolInput } from './testing/exampleProtocol.js';

const age = { kind: 'number', name: 'age', min: 0, max: 120 } as const;
const category = (name: string, levels: string[]) => ({ kind: 'category', name, levels }) as const;
const numberLabel = { kind: 'number', column: 'dose', min: 0, max: 100 } as const;
const layers = (...tensors: { name: string; shape: number[] }[]) =>
  ({ kind: 'layers-model', topology: {}, tensors }) as const;

describe('a sound protocol', () => {
  test.each<[string, Partial<ProtocolInput>]>([
    ['the example', {}],
    ['a personal intercept', { personalTensors: ['output/bias'] }],
    ['a linear regression', { model: { kind: 'linear-regression' }, label: numberLabel }],
    ['a perceptron on a number', { model: { kind: 'multilayer-perceptron', hidden: [4] }, label: numberLabel }],
    ['every hospital as quorum', { quorum: 4 }],
    ['just enough rounds', { trainingRounds: 3, roundsMax: 6 }],
    ['the mean of the last version', { averageFrom: 11 }],
  ])('%s is accepted', (_, changes) => {
    expect(() => requireSoundProtocol(exampleProtocol(changes))).not.toThrow();
  });

  test.each<[string, Partial<ProtocolInput>, RegExp]>([
    [
      'private mode between two',
      { mode: 'private', members: ['ClevelandMSP', 'HungaryMSP'] },
      /^PROTOCOL_PRIVATE_TOO_SMALL: /,
    ],
    [
      'more bytes than allowed',
      {
        columns: [
          category('c', ['1', '2']),
          ...Array.from({ length: 4_000 }, (_, k) => ({ ...age, name: `${k}${'€'.repeat(40)}` })),
        ],
      },
      /^PROTOCOL_TOO_LARGE: .* 524288 are allowed/,
    ],
    ['a column twice', { columns: [age, age] }, /^PROTOCOL_MODEL_INVALID: two columns are called age/],
    [
      'a column that is called as an encoded level',
      { columns: [category('sex', ['0', '1']), { ...age, name: 'sex=1' }] },
      /^PROTOCOL_MODEL_INVALID: two columns are called sex=1/,
    ],
    [
      'levels of one value',
      { columns: [category('sex', ['0', '1', '1.0'])] },
      /^PROTOCOL_MODEL_INVALID: .*two levels of the value 1/,
    ],
    [
      'its label among the features',
      { columns: [age], label: { ...numberLabel, column: 'age' }, model: { kind: 'linear-regression' } },
      /^PROTOCOL_MODEL_INVALID: .*predict itself/,
    ],
    [
      'a label without a range',
      { label: { ...numberLabel, min: 100 }, model: { kind: 'linear-regression' } },
      /^PROTOCOL_MODEL_INVALID: the label's min/,
    ],
    [
      'a range beyond doubles',
      { columns: [{ ...age, min: -1e308, max: 1e308 }] },
      /^PROTOCOL_MODEL_INVALID: the range of column age/,
    ],
    [
      'logistic regression of a number',
      { label: numberLabel },
      /^PROTOCOL_MODEL_INVALID: a logistic-regression takes a binary label/,
    ],
    [
      'linear regression of a class',
      { model: { kind: 'linear-regression' } },
      /^PROTOCOL_MODEL_INVALID: a linear-regression takes a number label/,
    ],
    [
      'an image that its features are not',
      { model: { kind: 'convolutional', input: [28, 28, 1], filters: [8], dense: 8 } },
      /^PROTOCOL_MODEL_INVALID: .*28x28x1/,
    ],
    [
      'two tensors of one name',
      { model: layers({ name: 'a/b', shape: [1] }, { name: 'a/b', shape: [2] }) },
      /^PROTOCOL_MODEL_INVALID: two tensors/,
    ],
    [
      'more parameters than allowed',
      { model: layers({ name: 'a/b', shape: [65_536, 65_536] }) },
      /^PROTOCOL_MODEL_INVALID: .*50000000 are allowed/,
    ],
    [
      'a personal tensor that is none',
      { personalTensors: ['output/biass'] },
      /^PROTOCOL_MODEL_INVALID: .*output\/bias, output\/kernel/,
    ],
    [
      'a personal tensor twice',
      { personalTensors: ['output/bias', 'output/bias'] },
      /^PROTOCOL_MODEL_INVALID: .*listed twice/,
    ],
    [
      'nothing to share',
      { personalTensors: ['output/bias', 'output/kernel'] },
      /^PROTOCOL_MODEL_INVALID: .*nothing is learned together/,
    ],
    [
      'updates that overflow',
      { aggregation: { weightMax: 100_000, clipNorm: 100 } },
      /^PROTOCOL_OVERFLOWS: weightMax 100000 times clipNorm 100 over 4/,
    ],
    [
      'fewer rounds than it takes',
      { trainingRounds: 3, roundsMax: 5 },
      /^INPUT_INVALID: protocol.roundsMax: .* 6 are needed/,
    ],
    ['a mean from beyond the last training round', { averageFrom: 12 }, /^INPUT_INVALID: protocol.averageFrom/],
    ['a quorum below the majority', { quorum: 2 }, /^INPUT_INVALID: protocol.quorum: 2 is outside 3/],
    ['a quorum above all', { quorum: 5 }, /^INPUT_INVALID: protocol.quorum: 5 is outside .* to 4/],
  ])('%s is refused', (_, changes, message) => {
    expect(() => requireSoundProtocol(exampleProtocol(changes))).toThrow(message);
  });

  test('sums of losses that overflow are refused', () => {
    const members = Array.from({ length: 50 }, (_, k) => `H${String(k).padStart(2, '0')}MSP`);
    const protocol = exampleProtocol({ members, patientsMax: 10_000_000 });
    expect(() => requireSoundProtocol(protocol)).toThrow(/^PROTOCOL_OVERFLOWS: patientsMax 10000000 over 50 hospitals/);
  });
});
