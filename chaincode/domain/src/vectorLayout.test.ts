import { describe, expect, test } from '@jest/globals';
import type { RoundKind } from './round.js';
import { exampleProtocol, type ProtocolInput } from './testing/exampleProtocol.js';
import {
  personalTensors,
  type Slice,
  scoreBins,
  sharedTensors,
  type VectorLayout,
  vectorLayout,
} from './vectorLayout.js';

const numberLabel: Partial<ProtocolInput> = {
  label: { kind: 'number', column: 'dose', min: 0, max: 100 },
  model: { kind: 'linear-regression' },
};
const KINDS = ['statistics', 'training', 'evaluation'] as const satisfies RoundKind[];

/** Every slice of a layout but `update.all`, which spans the tensors. */
function slicesIn(part: unknown): Slice[] {
  if (typeof part !== 'object' || part === null) return [];
  if ('start' in part && 'length' in part) return [part as Slice];
  return Object.entries(part).flatMap(([name, value]) => (name === 'all' || name === 'tensor' ? [] : slicesIn(value)));
}

const covered = (layout: VectorLayout) => {
  const { length, ...parts } = layout;
  return { length, slices: slicesIn(parts).sort((a, b) => a.start - b.start) };
};

describe('the layout of a vector', () => {
  const protocols: [string, Partial<ProtocolInput>][] = [
    ['a binary label', {}],
    ['a personal intercept', { personalTensors: ['output/bias'] }],
    ['declared ranges', { standardisation: 'declared-ranges' }],
    ['a numeric label', numberLabel],
    ['metrics at the end only', { metrics: 'final' }],
    ['masks', { mode: 'private' }],
  ];
  const cases = protocols.flatMap(([name, changes]) => KINDS.map((kind) => [name, kind, changes] as const));

  test.each(cases)('with %s in a %s round has neither gap nor overlap', (_, kind, changes) => {
    const { length, slices } = covered(vectorLayout(exampleProtocol(changes), kind));
    let next = 0;
    for (const slice of slices) {
      expect(slice.start).toBe(next);
      expect(slice.length).toBeGreaterThan(0);
      next = slice.start + slice.length;
    }
    expect(length).toBe(next);
  });

  test('begins with the shared tensors in byte order, then the weight', () => {
    const { update } = vectorLayout(exampleProtocol(), 'training');
    expect(update?.tensors.map(({ tensor, slice }) => [tensor.name, slice])).toEqual([
      ['output/bias', { start: 0, length: 1 }],
      ['output/kernel', { start: 1, length: 3 }],
    ]);
    expect(update?.all).toEqual({ start: 0, length: 4 });
    expect(update?.weight).toEqual({ start: 4, length: 1 });
  });

  test.each([
    ['statistics', {}, 3 + 3 + 1 + 1],
    ['statistics', { standardisation: 'per-hospital' }, 1 + 1],
    ['statistics', numberLabel, 3 + 3 + 1],
    ['training', {}, 4 + 1 + 1 + 1 + 100],
    ['training', { metrics: 'final' }, 4 + 1],
    ['training', { mode: 'private' }, 4 + 1 + 1 + 1 + 2_000],
    ['training', numberLabel, 4 + 1 + 1 + 3],
    ['training', { personalTensors: ['output/bias'] }, 3 + 1 + 1 + 1 + 100],
    ['evaluation', {}, 1 + 101 + 101 + 101],
    ['evaluation', { metrics: 'final' }, 101 + 101],
    ['evaluation', numberLabel, 1 + 3 + 3 + 3],
  ] as [RoundKind, Partial<ProtocolInput>, number][])(
    'of a %s round with %p has %d elements',
    (kind, changes, length) => {
      expect(vectorLayout(exampleProtocol(changes), kind).length).toBe(length);
    },
  );

  test('is none for an initial round', () => {
    expect(() => vectorLayout(exampleProtocol(), 'initial')).toThrow(RangeError);
  });
});

test('tensors are shared or personal, never both', () => {
  const protocol = exampleProtocol({ personalTensors: ['output/bias'] });
  expect(sharedTensors(protocol).map(({ name }) => name)).toEqual(['output/kernel']);
  expect(personalTensors(protocol).map(({ name }) => name)).toEqual(['output/bias']);
});

test('scores are told in more bins where masks hide them', () => {
  expect([scoreBins({ mode: 'open' }), scoreBins({ mode: 'private' })]).toEqual([50, 1_000]);
});
