import { type EvaluationSlices, lossScale, vectorLayout } from '@consilium/domain';
import { describe, expect, test } from '@jest/globals';
import { exactMetrics, writeEvaluation, writeLoss } from './evaluation.js';
import { binaryMetrics } from './histogramMetrics.js';
import type { Scored } from './scoring.js';
import { plainGenerator, smallStudy } from './study.fixture.js';

const PROTOCOL = smallStudy();
const SCALE = lossScale(PROTOCOL);

function scored(scores: number[], labels: number[], losses: number[]): Scored {
  return {
    rows: scores.map((_, k) => k),
    scores: Float64Array.from(scores),
    labels: Float64Array.from(labels),
    losses: Float64Array.from(losses),
  };
}

const FOUR = scored([0.1, 0.5, 1, 0.5], [0, 0, 1, 1], [0.1, 0.7, 0, 0.7]);

describe('evaluation of a binary label', () => {
  test('fills histograms and the loss, summed and quantised once', () => {
    const layout = vectorLayout(PROTOCOL, 'training');
    const vector = new Int32Array(layout.length);
    const slices = layout.validation?.base as Extract<EvaluationSlices, { kind: 'binary' }>;
    writeEvaluation(PROTOCOL, slices, FOUR, vector);
    expect(vector[slices.loss.start]).toBe(Math.floor(1.5 * SCALE + 0.5));
    const at = (start: number) => [...vector.subarray(start, start + 50).entries()].filter(([, count]) => count !== 0);
    expect(at(slices.negatives.start)).toEqual([
      [5, 1],
      [25, 1],
    ]);
    expect(at(slices.positives.start)).toEqual([
      [25, 1],
      [49, 1],
    ]);
  });

  test('the parent gives its loss alone', () => {
    const layout = vectorLayout(PROTOCOL, 'training');
    const vector = new Int32Array(layout.length);
    writeLoss(PROTOCOL, { start: layout.validation?.parentLoss.start as number, length: 1 }, FOUR, vector);
    expect(vector.filter((value) => value !== 0)).toEqual(new Int32Array([Math.floor(1.5 * SCALE + 0.5)]));
  });

  test('own figures tell pairs apart by their very scores', () => {
    expect(exactMetrics(PROTOCOL, FOUR)).toEqual({
      kind: 'binary',
      patients: 4,
      positives: 2,
      truePositives: 2,
      trueNegatives: 1,
      concordantPairs: 3,
      tiedPairs: 1,
      loss: Math.floor(1.5 * SCALE + 0.5),
      calibration: [
        [0, 0],
        [1, 0],
        [0, 0],
        [0, 0],
        [0, 0],
        [2, 1],
        [0, 0],
        [0, 0],
        [0, 0],
        [1, 1],
      ],
    });
  });

  test('pairs equal those of a count over all pairs', () => {
    const unit = plainGenerator(9);
    const scores = Array.from({ length: 80 }, () => Math.round(unit() * 20) / 20);
    const labels = scores.map((score) => (unit() < score ? 1 : 0));
    let [concordant, tied] = [0, 0];
    for (const [i, high] of scores.entries())
      for (const [j, low] of scores.entries())
        if (labels[i] === 1 && labels[j] === 0) {
          if (high > low) concordant++;
          if (high === low) tied++;
        }
    const metrics = exactMetrics(PROTOCOL, scored(scores, labels, scores));
    expect(metrics).toMatchObject({ concordantPairs: concordant, tiedPairs: tied });
    expect(tied).toBeGreaterThan(0);
  });

  test('where no two scores share a bin, own figures equal those of the histograms', () => {
    const layout = vectorLayout(PROTOCOL, 'training');
    const vector = new Int32Array(layout.length);
    const scores = Array.from({ length: 50 }, (_, k) => (k + 0.5) / 50);
    const evaluated = scored(
      scores,
      scores.map((_, k) => (k % 3 === 0 ? 1 : 0)),
      scores,
    );
    const slices = layout.validation?.base as Extract<EvaluationSlices, { kind: 'binary' }>;
    writeEvaluation(PROTOCOL, slices, evaluated, vector);
    const part = ({ start, length }: { start: number; length: number }) => vector.subarray(start, start + length);
    const summed = binaryMetrics(part(slices.positives), part(slices.negatives), vector[slices.loss.start] as number);
    expect(exactMetrics(PROTOCOL, evaluated)).toEqual(summed);
  });

  test('more patients than patientsMax are refused', () => {
    const tight = smallStudy({ patientsMax: 3 });
    expect(() => exactMetrics(tight, FOUR)).toThrow(/^UPDATE_OVERFLOWS: .*4 patients.*allows 3/);
  });
});

describe('evaluation of a numeric label', () => {
  const protocol = smallStudy({
    label: { kind: 'number', column: 'z', min: 0, max: 10 },
    model: { kind: 'linear-regression' },
  });
  const evaluated = scored([0.5, -20], [1, 0], [0.25, 16]);

  test('sums squared and absolute error', () => {
    const scale = lossScale(protocol);
    const layout = vectorLayout(protocol, 'training');
    const vector = new Int32Array(layout.length);
    const slices = layout.validation?.base as Extract<EvaluationSlices, { kind: 'number' }>;
    writeEvaluation(protocol, slices, evaluated, vector);
    const written = [slices.loss, slices.patients, slices.absoluteError].map(({ start }) => vector[start]);
    expect(written).toEqual([16.25 * scale, 2, 16.5 * scale]);
    expect(exactMetrics(protocol, evaluated)).toEqual({
      kind: 'number',
      patients: 2,
      loss: 16.25 * scale,
      absoluteError: 16.5 * scale,
    });
  });
});
