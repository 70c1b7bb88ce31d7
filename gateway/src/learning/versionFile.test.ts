import { describe, expect, test } from '@jest/globals';
import { roundArithmetic } from './aggregate.js';
import { type FileTensor, readSafetensors, writeSafetensors } from './safetensors.js';
import { smallStudy } from './study.fixture.js';
import { readVersion, type VersionContent, writeVersion } from './versionFile.js';

const PROTOCOL = smallStudy({
  averageFrom: 2,
  aggregation: { server: { kind: 'fedyogi', learningRate: 0.1 } },
});
const tensors = <Values>(make: (elements: number) => Values) =>
  new Map([
    ['output/bias', make(1)],
    ['output/kernel', make(2)],
  ]);
const FULL: VersionContent = {
  weights: tensors((elements) => new Float32Array(elements).fill(1)),
  statistics: { mean: new Float64Array([1, 2]), deviation: new Float64Array([3, 4]) },
  optimiser: tensors((elements) => ({ m: new Float64Array(elements).fill(5), v: new Float64Array(elements).fill(6) })),
  average: { count: 7, sums: tensors((elements) => new Float64Array(elements).fill(8)) },
};

/** A full version's file with a change. */
function changed(change: (file: Map<string, FileTensor>) => void): Uint8Array {
  const file = readSafetensors(writeVersion(PROTOCOL, FULL));
  change(file);
  return writeSafetensors(file);
}

describe('version file', () => {
  test('holds weights, state, statistics and average, and gives them back', () => {
    const bytes = writeVersion(PROTOCOL, FULL);
    expect([...readSafetensors(bytes).keys()]).toEqual([
      'average/count',
      'average/output/bias',
      'average/output/kernel',
      'optimiser/m/output/bias',
      'optimiser/m/output/kernel',
      'optimiser/v/output/bias',
      'optimiser/v/output/kernel',
      'output/bias',
      'output/kernel',
      'statistics/deviation',
      'statistics/mean',
    ]);
    expect(readVersion(PROTOCOL, bytes)).toEqual(FULL);
    expect(writeVersion(PROTOCOL, readVersion(PROTOCOL, bytes))).toEqual(bytes);
  });

  test('holds no more than there is', () => {
    const content = readVersion(PROTOCOL, roundArithmetic.initialVersion(PROTOCOL));
    expect(Object.keys(content)).toEqual(['weights']);
  });

  test.each<[string, (file: Map<string, FileTensor>) => void, RegExp]>([
    ['a missing weight', (file) => file.delete('output/bias'), /no tensor output\/bias/],
    [
      'a weight of another shape',
      (file) => file.set('output/bias', { shape: [2], values: new Float32Array(2) }),
      /F32\[2\]/,
    ],
    ['a weight of doubles', (file) => file.set('output/bias', { shape: [1], values: new Float64Array(1) }), /F64\[1\]/],
    [
      'NaN',
      (file) => file.set('output/bias', { shape: [1], values: new Float32Array([Number.NaN]) }),
      /NaN or Infinity/,
    ],
    ['half a state', (file) => file.delete('optimiser/v/output/kernel'), /no tensor optimiser\/v/],
    [
      'a tensor too many',
      (file) => file.set('other/kernel', { shape: [1], values: new Float32Array(1) }),
      /other\/kernel/,
    ],
    ['a personal tensor', (file) => file.set('head/bias', { shape: [1], values: new Float32Array(1) }), /head\/bias/],
    ['an average without its count', (file) => file.delete('average/count'), /average\//],
    [
      'a count that is none',
      (file) => file.set('average/count', { shape: [1], values: new Float64Array([0.5]) }),
      /no count/,
    ],
    [
      'a deviation of 0',
      (file) => file.set('statistics/deviation', { shape: [2], values: new Float64Array(2) }),
      /deviation/,
    ],
  ])('refuses %s', (_, change, problem) => {
    const bytes = changed(change);
    expect(() => readVersion(PROTOCOL, bytes)).toThrow(problem);
    expect(() => readVersion(PROTOCOL, bytes)).toThrow(/^VERSION_FILE_INVALID/);
  });
});
