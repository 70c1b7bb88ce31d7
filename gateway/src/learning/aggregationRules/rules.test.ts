import { type Aggregation, type Msp, type RuleSettings, updateScale, vectorLayout } from '@consilium/domain';
import { describe, expect, test } from '@jest/globals';
import { vectorBytes } from '../../privacy/fixedPoint.js';
import { smallStudy } from '../study.fixture.js';
import { combineUpdates } from './combineUpdates.js';
import { singleUpdates } from './singleUpdate.js';

const NAMES = ['AMSP', 'BMSP', 'CMSP', 'DMSP', 'EMSP', 'FMSP', 'GMSP'];

type Sent = Readonly<{ values: readonly number[]; weight?: number }>;

/** What hospitals A, B, … send, combined. Values are updates in real numbers; `weight` is 1 unless said. */
function combined(settings: RuleSettings, sent: readonly Sent[], changes: Partial<Aggregation> = {}) {
  const aggregation = { weights: 'equal', ...changes, ...settings };
  const protocol = smallStudy({ members: NAMES.slice(0, sent.length), aggregation });
  const layout = vectorLayout(protocol, 'training');
  const slices = layout.update as NonNullable<typeof layout.update>;
  const scale = updateScale(protocol);
  const vectors = new Map(
    sent.map(({ values, weight = 1 }, k) => {
      const vector = new Int32Array(layout.length);
      vector.set(values.map((value) => value * scale * weight));
      vector[slices.weight.start] = weight;
      return [NAMES[k] as Msp, vectorBytes(vector)];
    }),
  );
  return combineUpdates(protocol.aggregation, singleUpdates(protocol, vectors, slices), slices.all.length);
}

const made = (settings: RuleSettings, sent: readonly Sent[], changes: Partial<Aggregation> = {}) => [
  ...(combined(settings, sent, changes)?.update ?? []),
];
const sent = (...updates: number[][]): Sent[] => updates.map((values) => ({ values }));

describe('coordinate median, by hand', () => {
  test('of an odd number is the middle one, of each coordinate', () => {
    expect(made({ rule: 'coordinate-median' }, sent([1, 5, 0], [2, -1, 0], [3, 2, 0]))).toEqual([2, 2, 0]);
  });

  test('of an even number is the mean of the two in the middle', () => {
    expect(made({ rule: 'coordinate-median' }, sent([1, 5, 0], [2, -1, 0], [-3, 2, 1], [4, 4, 1]))).toEqual([
      1.5, 3, 0.5,
    ]);
  });
});

describe('trimmed mean, by hand', () => {
  test('leaves out the lowest and the highest of each coordinate', () => {
    expect(made({ rule: 'trimmed-mean', trim: 1 }, sent([-8, 0, 0], [1, 3, 0], [2, 4, 0], [6, 8, 1]))).toEqual([
      1.5, 3.5, 0,
    ]);
  });

  test('with the most that can be trimmed is the median', () => {
    expect(
      made({ rule: 'trimmed-mean', trim: 2 }, sent([1, 0, 0], [2, 0, 0], [4, 0, 0], [5, 0, 0], [3, 0, 0])),
    ).toEqual([3, 0, 0]);
  });
});

describe('Krum, by hand', () => {
  const five = sent([0, 0, 0], [1, 0, 0], [1, 1, 0], [7, 0, 0], [2, 0, 0]);

  test('takes the update whose n - f - 2 nearest are nearest, as it is', () => {
    // Two nearest each. A: 1 + 2; B: 1 + 1; C: 1 + 2; D: 25 + 36; E: 1 + 2.
    const result = combined({ rule: 'krum', dishonestMax: 1 }, five);
    expect(result?.scores.map(({ krumScore }) => krumScore)).toEqual([3, 2, 3, 61, 3]);
    expect(result?.scores.map(({ chosen }) => chosen)).toEqual([false, true, false, false, false]);
    expect([...(result?.update ?? [])]).toEqual([1, 0, 0]);
  });

  test('of equal scores takes the lower MSP id', () => {
    const result = combined(
      { rule: 'krum', dishonestMax: 1 },
      sent([2, 0, 0], [1, 0, 0], [1, 0, 0], [2, 0, 0], [7, 0, 0]),
    );
    expect(result?.scores.map(({ krumScore }) => krumScore)).toEqual([1, 1, 1, 1, 61 - 11]);
    expect(result?.scores.findIndex(({ chosen }) => chosen)).toBe(0);
  });

  test('multi-Krum averages the best, n - f - 2 of them at most', () => {
    expect(made({ rule: 'multi-krum', dishonestMax: 1 }, five)).toEqual([0.5, 0, 0]);
    expect(made({ rule: 'multi-krum', dishonestMax: 1, selected: 1 }, five)).toEqual([1, 0, 0]);
    expect(made({ rule: 'multi-krum', dishonestMax: 1, selected: 3 }, five)).toEqual([0.5, 0, 0]);
  });
});

describe('geometric median', () => {
  test('of three on a line is the middle one', () => {
    const [x, y, z] = made({ rule: 'geometric-median' }, sent([0, 0, 0], [1, 0, 0], [6, 0, 0]));
    expect(x).toBeCloseTo(1, 3);
    expect([y, z]).toEqual([0, 0]);
  });

  test('of four is where the sum of distances to them is least', () => {
    const points = sent([1, 0, 0], [-0.5, 0.75, 0], [-0.5, -0.75, 0], [0.25, 0.25, 0.5]);
    const point = made({ rule: 'geometric-median' }, points);
    const distances = (at: readonly number[]) =>
      points.reduce((sum, { values }) => sum + Math.hypot(...values.map((value, i) => value - (at[i] as number))), 0);
    for (const axis of [0, 1, 2])
      for (const by of [-0.01, 0.01])
        expect(distances(point.map((value, i) => (i === axis ? value + by : value)))).toBeGreaterThan(distances(point));
  });

  test('is where a majority agrees, however far the others are', () => {
    const [x, y] = made({ rule: 'geometric-median' }, sent([1, 1, 0], [1, 1, 0], [1, 1, 0], [-7, 0, 0], [0, -7, 0]));
    expect(x).toBeCloseTo(1, 4);
    expect(y).toBeCloseTo(1, 4);
  });
});

describe('norm-clipped mean', () => {
  const patients = { weights: 'patients', clipNorm: 2 } as const;

  test('is the weighted mean of updates that are short enough', () => {
    const updates = [
      { values: [1, 0, 0], weight: 1 },
      { values: [-1, 0.5, 0], weight: 3 },
    ];
    expect(made({ rule: 'norm-clipped-mean' }, updates, patients)).toEqual([-0.5, 0.375, 0]);
  });

  test('scales longer ones down to the clip norm first, and says so', () => {
    const updates = [
      { values: [6, 8, 0], weight: 2 },
      { values: [0, 0, 1], weight: 2 },
    ];
    const result = combined({ rule: 'norm-clipped-mean' }, updates, patients);
    expect([...(result?.update ?? [])].map((value) => Number(value.toFixed(12)))).toEqual([0.6, 0.8, 0.5]);
    expect(result?.scores.map(({ clipFactor }) => clipFactor)).toEqual([0.2, 1]);
    expect(result?.scores[0]?.norm).toBe(10);
  });
});

describe('weights and scores', () => {
  test('a weight beyond what a hospital may count is taken as the most, a negative one as the least, and both are shown', () => {
    const updates = [{ values: [1, 0, 0], weight: 2_000_000 }, { values: [1, 0, 0], weight: -3 }, ...sent([1, 0, 0])];
    const changes = { weights: 'patients', weightMax: 10 } as const;
    const result = combined({ rule: 'norm-clipped-mean' }, updates, changes);
    expect(result?.scores.map(({ weightSent, weight }) => [weightSent, weight])).toEqual([
      [2_000_000, 10],
      [-3, 1],
      [1, 1],
    ]);
    expect(result?.weight).toBe(12);
    const equal = combined({ rule: 'norm-clipped-mean' }, updates);
    expect(equal?.scores.map(({ weight }) => weight)).toEqual([1, 1, 1]);
  });

  test('a hospital without patients is left out, and shown as such', () => {
    const updates: Sent[] = [{ values: [0, 0, 0], weight: 0 }, ...sent([1, 0, 0], [2, 0, 0], [3, 0, 0])];
    const result = combined({ rule: 'coordinate-median' }, updates);
    expect(result?.update[0]).toBe(2);
    expect(result?.scores.map(({ weight, distance }) => [weight, distance])).toEqual([
      [0, 2],
      [1, 1],
      [1, 0],
      [1, 1],
    ]);
  });

  test('too few that count make no update', () => {
    const updates: Sent[] = [{ values: [0, 0, 0], weight: 0 }, ...sent([1, 0, 0], [2, 0, 0], [3, 0, 0], [3, 0, 0])];
    expect(combined({ rule: 'krum', dishonestMax: 1 }, updates)).toBeUndefined();
    expect(combined({ rule: 'trimmed-mean', trim: 2 }, updates)).toBeUndefined();
    expect(combined({ rule: 'trimmed-mean', trim: 1 }, updates)).toBeDefined();
  });
});
