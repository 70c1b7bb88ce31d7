import {
  type AggregationRule,
  type Msp,
  StudyProtocol,
  updateScale,
  updatesNeeded,
  vectorLayout,
} from '@consilium/domain';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Aggregated } from '../../gateway/src/agent/ports.js';
import { roundArithmetic } from '../../gateway/src/learning/aggregate.js';
import { readVersion } from '../../gateway/src/learning/versionFile.js';
import { quantiseUpdate, sumVectors, vectorBytes } from '../../gateway/src/privacy/fixedPoint.js';

const MEMBERS = ['AMSP', 'BMSP', 'CMSP', 'DMSP', 'EMSP', 'FMSP', 'GMSP'];
const CLIP_NORM = 2;
const FEATURES = 5;
const ELEMENTS = FEATURES + 1;
const INT32 = { min: -(2 ** 31), max: 2 ** 31 - 1 };

const RULES = [
  { rule: 'coordinate-median' },
  { rule: 'trimmed-mean', trim: 2 },
  { rule: 'krum', dishonestMax: 2 },
  { rule: 'multi-krum', dishonestMax: 2 },
  { rule: 'geometric-median' },
  { rule: 'norm-clipped-mean' },
] as const;
type Rule = (typeof RULES)[number];

/** How much longer than the clip norm a rule's update can be, whatever a minority sends: proven in the rules' papers or below. */
const LONGEST: Readonly<Record<Exclude<AggregationRule, 'weighted-mean'>, number>> = {
  // Of each coordinate half of the values are at least as far out as the median: the squares add up to 2 C² at most.
  'coordinate-median': Math.SQRT2,
  // The squares of the 3 values that are kept of 7 are at most 7/3 of their mean.
  'trimmed-mean': Math.sqrt(7 / 3),
  krum: 1,
  'multi-krum': 1,
  'geometric-median': 1,
  'norm-clipped-mean': 1,
};

function studyOf(rule: Rule, weights: 'equal' | 'patients' = 'equal'): StudyProtocol {
  return StudyProtocol.parse({
    schemaVersion: 1,
    title: 'any',
    members: MEMBERS,
    mode: 'open',
    columns: Array.from({ length: FEATURES }, (_, k) => ({ kind: 'number', name: `x${k}`, min: -1, max: 1 })),
    label: { kind: 'binary', column: 'c', positive: { above: 0 } },
    standardisation: 'declared-ranges',
    split: { kind: 'listed' },
    model: { kind: 'logistic-regression' },
    seed: 1,
    training: { steps: 1, batchSize: 1, optimiser: { kind: 'sgd', learningRate: 0.1 } },
    aggregation: { ...rule, weights, clipNorm: CLIP_NORM, weightMax: 100 },
    trainingRounds: 2,
  });
}

/** As an honest hospital makes its vector: clipped, weighted, quantised. */
function honest(protocol: StudyProtocol, update: readonly number[], weight: number): Int32Array {
  const layout = vectorLayout(protocol, 'training');
  const vector = new Int32Array(layout.length);
  const rules = { round: 1, weight, weightMax: 100, clipNorm: CLIP_NORM, scale: updateScale(protocol) };
  quantiseUpdate([Float32Array.from(update)], [new Float32Array(ELEMENTS)], rules, vector.subarray(0, ELEMENTS));
  vector[layout.update?.weight.start as number] = weight;
  return vector;
}

function aggregate(protocol: StudyProtocol, vectors: ReadonlyMap<string, Int32Array>): Aggregated {
  const bytes = new Map([...vectors].map(([msp, vector]) => [msp as Msp, vectorBytes(vector)]));
  return roundArithmetic.aggregate({
    protocol,
    kind: 'training',
    round: 1,
    base: roundArithmetic.initialVersion(protocol),
    sum: sumVectors(bytes.values(), vectorLayout(protocol, 'training').length),
    vectors: bytes,
  });
}

/** By how much the model moved: `[elements]`, in the order of the vector. */
function moveOf(protocol: StudyProtocol, { file }: Aggregated): number[] {
  const before = readVersion(protocol, roundArithmetic.initialVersion(protocol)).weights;
  const after = readVersion(protocol, file as Uint8Array).weights;
  return [...before.keys()]
    .sort()
    .flatMap((name) => [...(after.get(name) ?? [])].map((value, i) => value - (before.get(name)?.[i] as number)));
}

const norm = (values: readonly number[]) => Math.hypot(...values);
const update = fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: ELEMENTS, maxLength: ELEMENTS });
const updates = fc.array(update, { minLength: MEMBERS.length, maxLength: MEMBERS.length });
const weight = fc.integer({ min: 1, max: 100 });
const rule = fc.constantFrom(...RULES);
/** Anything at all: elements, weight and evaluation. */
const garbage = fc.oneof(
  fc.array(fc.integer(INT32), { minLength: 1, maxLength: 130 }),
  fc.constantFrom([INT32.max], [INT32.min], [0]),
);

describe('a robust rule', () => {
  test('gives the same bytes and scores in whatever order the vectors come, of honest and of any other bytes', () => {
    const order = fc.shuffledSubarray(MEMBERS, { minLength: 7, maxLength: 7 });
    fc.assert(
      fc.property(
        rule,
        fc.array(garbage, { minLength: 7, maxLength: 7 }),
        updates,
        order,
        (rule, bytes, honestOnes, order) => {
          const protocol = studyOf(rule);
          const { length } = vectorLayout(protocol, 'training');
          const vectors = new Map(
            MEMBERS.map((msp, k) => {
              const pattern = bytes[k] as number[];
              const made =
                k % 2 === 0
                  ? honest(protocol, honestOnes[k] as number[], 1)
                  : Int32Array.from({ length }, (_, i) => pattern[i % pattern.length] as number);
              return [msp, made];
            }),
          );
          const one = aggregate(protocol, vectors);
          const other = aggregate(protocol, new Map(order.map((msp) => [msp, vectors.get(msp) as Int32Array])));
          expect(other).toEqual(one);
          const { aggregation } = protocol;
          if (one.file) expect(one.scores?.map(({ msp }) => msp)).toEqual(MEMBERS);
          else expect(updatesNeeded(aggregation)).toBeGreaterThan(1);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('of equal updates gives that update, exactly where each counts 1', () => {
    fc.assert(
      fc.property(rule, update, weight, (rule, values, patients) => {
        const equal = studyOf(rule, 'equal');
        const vector = honest(equal, values, 1);
        const all = aggregate(equal, new Map(MEMBERS.map((msp) => [msp, vector])));
        const start = readVersion(equal, roundArithmetic.initialVersion(equal)).weights;
        const expected = new Map(
          [...start].map(([name, before]) => {
            const offset = name === 'output/bias' ? 0 : 1;
            return [
              name,
              before.map((value, i) => value + (vector[offset + i] as number) / updateScale(equal)),
            ] as const;
          }),
        );
        expect(readVersion(equal, all.file as Uint8Array).weights).toEqual(expected);
        for (const { clipFactor, distance } of all.scores ?? []) {
          expect(clipFactor).toBe(1);
          expect(distance).toBeLessThan(1e-12);
        }
        const weighted = studyOf(rule, 'patients');
        const same = honest(weighted, values, patients);
        const move = moveOf(weighted, aggregate(weighted, new Map(MEMBERS.map((msp) => [msp, same]))));
        const scale = updateScale(weighted) * patients;
        for (const [i, moved] of move.entries()) expect(moved).toBeCloseTo((same[i] as number) / scale, 5);
      }),
      { numRuns: 200 },
    );
  });

  test('never moves the model further than the clip norm allows, whatever a minority of three sends', () => {
    fc.assert(
      fc.property(rule, updates, fc.array(garbage, { minLength: 3, maxLength: 3 }), (rule, honestOnes, bytes) => {
        const protocol = studyOf(rule);
        const { length } = vectorLayout(protocol, 'training');
        const vectors = new Map(
          MEMBERS.map((msp, k) => {
            const pattern = bytes[k] ?? [];
            return [
              msp,
              pattern.length > 0
                ? Int32Array.from({ length }, (_, i) => pattern[i % pattern.length] as number)
                : honest(protocol, honestOnes[k] as number[], 1),
            ];
          }),
        );
        const made = aggregate(protocol, vectors);
        if (made.file)
          expect(norm(moveOf(protocol, made))).toBeLessThanOrEqual(LONGEST[rule.rule] * CLIP_NORM * 1.000_01);
      }),
      { numRuns: 500 },
    );
  });
});

/** Six honest hospitals that more or less agree, and what a seventh makes of its own honest update. */
const POISONS: readonly (readonly [string, (vector: Int32Array, weightAt: number) => void])[] = [
  ['a 1000-fold update', (vector) => multiply(vector, 1_000)],
  ['a 1000-fold update the other way', (vector) => multiply(vector, -1_000)],
  ['a negative weight', (vector, at) => vector.fill(-100, at, at + 1)],
  ['a negative weight that outweighs all others', (vector, at) => vector.fill(INT32.min, at, at + 1)],
  [
    'a 1000-fold update under a negative weight',
    (vector, at) => {
      multiply(vector, 1_000);
      vector.fill(-100, at, at + 1);
    },
  ],
  ['a weight of all patients in the world', (vector, at) => vector.fill(INT32.max, at, at + 1)],
];

function multiply(vector: Int32Array, by: number): void {
  for (let i = 0; i < ELEMENTS; i++) vector[i] = Math.max(INT32.min, Math.min(INT32.max, (vector[i] as number) * by));
}

describe.each(RULES)('poisoned by one of seven, $rule', (rule) => {
  const CENTRE = [0.5, -0.25, 0.125, 0, 0.25, -0.5];
  const honestOnes = fc.array(
    fc.array(fc.double({ min: -0.05, max: 0.05, noNaN: true }), { minLength: 6, maxLength: 6 }),
    {
      minLength: 7,
      maxLength: 7,
    },
  );

  test.each(POISONS)('with %s, keeps the model where the honest ones are, within the clip norm', (_, poison) => {
    fc.assert(
      fc.property(honestOnes, fc.nat({ max: 6 }), (noises, villain) => {
        const protocol = studyOf(rule, 'patients');
        const weightAt = vectorLayout(protocol, 'training').update?.weight.start as number;
        const vectors = new Map(
          MEMBERS.map((msp, k) => {
            const vector = honest(
              protocol,
              CENTRE.map((value, i) => value + (noises[k]?.[i] as number)),
              10,
            );
            if (k === villain) poison(vector, weightAt);
            return [msp, vector];
          }),
        );
        const made = aggregate(protocol, vectors);
        const move = moveOf(protocol, made);
        expect(norm(move)).toBeLessThanOrEqual(LONGEST[rule.rule] * CLIP_NORM * 1.000_01);
        const away = norm(move.map((value, i) => value - (CENTRE[i] as number)));
        // The mean alone lets a villain move it, as far as its weight and the clip norm go.
        if (rule.rule === 'norm-clipped-mean') expect(away).toBeLessThan(4);
        else expect(away).toBeLessThan(0.3);
        const score = made.scores?.[villain];
        const sent = vectors.get(MEMBERS[villain] as string) as Int32Array;
        expect(score?.weightSent).toBe(sent[weightAt]);
        expect(score && (score.clipFactor < 1 || score.weight !== score.weightSent)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});

test('the plain weighted mean, for comparison, is led anywhere by one negative weight', () => {
  const protocol = StudyProtocol.parse({ ...studyOf(RULES[0], 'patients'), aggregation: { clipNorm: CLIP_NORM } });
  const weightAt = vectorLayout(protocol, 'training').update?.weight.start as number;
  const vectors = new Map(
    MEMBERS.map((msp, k) => {
      const vector = honest(protocol, [0.5, 0, 0, 0, 0, 0], 10);
      if (k === 0) vector.fill(-59, weightAt, weightAt + 1);
      return [msp, vector];
    }),
  );
  expect(norm(moveOf(protocol, aggregate(protocol, vectors)))).toBeGreaterThan(10 * CLIP_NORM);
});
