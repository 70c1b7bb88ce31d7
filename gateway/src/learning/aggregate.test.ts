import { createHash } from 'node:crypto';
import {
  lossScale,
  type RoundKind,
  type StudyProtocol,
  statisticsScale,
  updateScale,
  vectorLayout,
} from '@consilium/domain';
import { describe, expect, test } from '@jest/globals';
import { sumVectors, vectorBytes } from '../privacy/fixedPoint.js';
import { roundArithmetic } from './aggregate.js';
import { releasedWeights } from './aggregateTraining.js';
import { smallStudy, vectorsOf } from './study.fixture.js';
import { readVersion } from './versionFile.js';

type Write = Parameters<typeof vectorsOf>[2];

function aggregate(
  protocol: StudyProtocol,
  kind: Exclude<RoundKind, 'initial'>,
  base: Uint8Array,
  write: Write,
  round = 2,
) {
  const vectors = vectorsOf(protocol, kind, write);
  const sum = sumVectors(vectors.values(), vectorLayout(protocol, kind).length);
  return { vectors, ...roundArithmetic.aggregate({ protocol, kind, round, base, sum, vectors }) };
}

/** Rows x = -.5, .5 and y = .25 twice at each hospital; one positive at the first. */
const statistics: Write = (vector, { statistics: slices }, member) => {
  const scale = statisticsScale(smallStudy());
  vector.set([0 * scale, 0.5 * scale], slices?.sums?.start);
  vector.set([0.5 * scale, 0.125 * scale], slices?.squares?.start);
  vector[slices?.patients.start as number] = 2;
  vector[slices?.positives?.start as number] = member === 0 ? 1 : 0;
};

/** Hospital 0 moves each weight by 1 with weight 1, hospital 1 by -1 with weight 3. */
const training: Write = (vector, { update }, member) => {
  const weight = member === 0 ? 1 : 3;
  vector.fill((member === 0 ? 1 : -3) * updateScale(smallStudy()), update?.all.start, update?.all.length);
  vector[update?.weight.start as number] = weight;
};

describe('statistics round', () => {
  const protocol = smallStudy();
  const base = roundArithmetic.initialVersion(protocol);

  test('adds means and deviations to the same weights', () => {
    const { file, outcome, sumDigest, vectors } = aggregate(protocol, 'statistics', base, statistics);
    const version = readVersion(protocol, file as Uint8Array);
    expect(version.weights).toEqual(readVersion(protocol, base).weights);
    expect(version.statistics).toEqual({
      mean: new Float64Array([0, 0.25]),
      deviation: new Float64Array([0.5, 1]),
    });
    const sum = sumVectors(vectors.values(), (vectors.get(protocol.members[0] as never)?.length as number) / 4);
    expect(sumDigest).toBe(createHash('sha256').update(vectorBytes(sum)).digest('hex'));
    expect(outcome).toEqual({
      kind: 'version',
      digest: createHash('sha256')
        .update(file as Uint8Array)
        .digest('hex'),
      sumDigest,
      result: { statistics: { patients: 4, positives: 1 } },
    });
  });

  test('without federated statistics the file is the same and only counts are told', () => {
    const plain = smallStudy({ standardisation: 'per-hospital' });
    const counts: Write = (vector) => vector.set([3, 1]);
    const { file, outcome } = aggregate(plain, 'statistics', base, counts);
    expect(file).toBe(base);
    expect(outcome).toMatchObject({ result: { statistics: { patients: 6, positives: 2 } } });
  });

  test.each([
    [0, 'ONE_CLASS'],
    [2, 'ONE_CLASS'],
  ])('%s positives of 2 at each hospital are one class', (positives, reason) => {
    const { file, outcome, sumDigest } = aggregate(protocol, 'statistics', base, (vector, layout) => {
      vector[layout.statistics?.patients.start as number] = 2;
      vector[layout.statistics?.positives?.start as number] = positives;
    });
    expect(file).toBeUndefined();
    expect(outcome).toEqual({ kind: 'none', reason, sumDigest });
  });

  test('no patient at all is no weight', () => {
    expect(aggregate(protocol, 'statistics', base, () => {}).outcome).toMatchObject({ reason: 'ZERO_WEIGHT' });
  });

  test('small counts are not told of data that is not public', () => {
    const closed = smallStudy({ publicData: false });
    expect(aggregate(closed, 'statistics', base, statistics).outcome).toMatchObject({
      result: { statistics: { patients: null, positives: null } },
    });
  });
});

describe('training round', () => {
  const protocol = smallStudy({ averageFrom: 2 });
  const base = roundArithmetic.initialVersion(protocol);

  test('is the weighted mean of the updates', () => {
    const { file, outcome } = aggregate(protocol, 'training', base, training);
    const before = readVersion(protocol, base).weights.get('output/kernel') as Float32Array;
    const after = readVersion(protocol, file as Uint8Array).weights.get('output/kernel') as Float32Array;
    expect([...after]).toEqual([...before].map((weight) => Math.fround(weight - 0.5)));
    expect(outcome).toMatchObject({ kind: 'version', result: { weight: 4, validation: { patients: 0, loss: 0 } } });
  });

  test('keeps the running sum of versions, whose mean is released', () => {
    const first = aggregate(protocol, 'training', base, training, 2).file as Uint8Array;
    const second = aggregate(protocol, 'training', first, training, 3).file as Uint8Array;
    const [one, two] = [first, second].map((file) => readVersion(protocol, file));
    expect([one?.average?.count, two?.average?.count]).toEqual([1, 2]);
    const start = readVersion(protocol, base).weights.get('output/bias')?.[0] as number;
    expect(two?.average?.sums.get('output/bias')?.[0]).toBe(start - 0.5 + (start - 1));
    expect(releasedWeights(two as NonNullable<typeof two>).get('output/bias')?.[0]).toBe(start - 0.75);
    expect(releasedWeights(one as NonNullable<typeof one>).get('output/bias')?.[0]).toBe(start - 0.5);
  });

  test('before averageFrom there is no sum', () => {
    expect(
      readVersion(protocol, aggregate(protocol, 'training', base, training, 1).file as Uint8Array).average,
    ).toBeUndefined();
  });

  test('the optimiser keeps its state in the file', () => {
    const adam = smallStudy({
      aggregation: { server: { kind: 'fedadam', learningRate: 0.1, beta1: 0.5, beta2: 0.5, tau: 0.5 } },
    });
    const once = aggregate(adam, 'training', base, training).file as Uint8Array;
    const twice = aggregate(adam, 'training', once, training).file as Uint8Array;
    // Mean update -.5: m = -.25, then -.375; v = .25, then .25.
    expect(readVersion(adam, twice).optimiser?.get('output/bias')).toEqual({
      m: new Float64Array([-0.375]),
      v: new Float64Array([0.25]),
    });
    const afterOne = Math.fround(-0.025 / (0.5 + 0.5));
    expect(readVersion(adam, twice).weights.get('output/bias')?.[0]).toBe(Math.fround(afterOne - 0.0375 / (0.5 + 0.5)));
  });

  test('statistics are handed on', () => {
    const withStatistics = aggregate(protocol, 'statistics', base, statistics).file as Uint8Array;
    const trained = aggregate(protocol, 'training', withStatistics, training).file as Uint8Array;
    expect(readVersion(protocol, trained).statistics).toEqual(readVersion(protocol, withStatistics).statistics);
  });

  test('no weight is no version', () => {
    expect(aggregate(protocol, 'training', base, () => {}).outcome).toMatchObject({
      kind: 'none',
      reason: 'ZERO_WEIGHT',
    });
  });

  test('a vector of another length is refused', () => {
    const { length } = vectorLayout(protocol, 'training');
    const made = (elements: number, single: number) => () =>
      roundArithmetic.aggregate({
        ...{ protocol, kind: 'training', round: 2, base },
        sum: new Int32Array(elements),
        vectors: new Map([[protocol.members[0] as never, new Uint8Array(4 * single)]]),
      });
    expect(made(2, length)).toThrow(/^VECTOR_LENGTH_WRONG/);
    expect(made(length, 2)).toThrow(/^VECTOR_LENGTH_WRONG/);
  });
});

describe('evaluation round', () => {
  const scored: Write = (vector, { validation, test: slices }, member) => {
    const scale = lossScale(smallStudy());
    for (const part of [validation?.base, slices?.base]) {
      if (part?.kind !== 'binary') throw new Error('no histogram');
      vector[part.loss.start] = 3 * scale;
      vector[part.positives.start + 40] = 2;
      vector[part.negatives.start + 10] = member;
    }
    vector[validation?.parentLoss.start as number] = 4 * scale;
  };

  test('attests its base unchanged, with validation and test figures', () => {
    const protocol = smallStudy();
    const base = roundArithmetic.initialVersion(protocol);
    const { file, outcome } = aggregate(protocol, 'evaluation', base, scored);
    const scale = lossScale(protocol);
    expect(file).toBe(base);
    expect(outcome).toMatchObject({
      result: {
        validation: { patients: 5, loss: 6 * scale, parentLoss: 8 * scale },
        test: {
          base: { patients: 5, positives: 4, truePositives: 4, trueNegatives: 1, concordantPairs: 4, tiedPairs: 0 },
        },
      },
    });
    expect(outcome.kind === 'version' && outcome.result.test && 'parent' in outcome.result.test).toBe(false);
  });

  test('suppressed patients give no slack', () => {
    const protocol = smallStudy({ publicData: false });
    const { outcome } = aggregate(protocol, 'evaluation', roundArithmetic.initialVersion(protocol), scored);
    expect(outcome).toMatchObject({ result: { validation: { patients: 0, metrics: null }, test: { base: null } } });
  });

  test('garbage in a vector gives no metrics, not an outcome that nobody can attest', () => {
    const protocol = smallStudy();
    const { outcome } = aggregate(protocol, 'evaluation', roundArithmetic.initialVersion(protocol), (vector) => {
      vector.fill(-5);
    });
    expect(outcome).toMatchObject({
      result: { validation: { patients: 0, metrics: null }, test: { base: null, parent: null } },
    });
  });
});
