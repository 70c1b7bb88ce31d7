/** What the summed evaluation part of a vector says of a model. */
import {
  type BinaryMetrics,
  CALIBRATION_GROUPS,
  type EvaluationSlices,
  type Metrics,
  type Slice,
} from '@consilium/domain';

/**
 * @param sum the summed vector
 * @returns undefined where the sum cannot come from patients: a negative count, or more pairs than integers are exact for
 */
export function metricsOfSum(sum: Int32Array, slices: EvaluationSlices): Metrics | undefined {
  const loss = element(sum, slices.loss);
  if (slices.kind === 'number') {
    const patients = element(sum, slices.patients);
    const absoluteError = element(sum, slices.absoluteError);
    return patients < 0 ? undefined : { kind: 'number', patients, loss, absoluteError };
  }
  return binaryMetrics(counts(sum, slices.positives), counts(sum, slices.negatives), loss);
}

/** The integer that a slice of one element holds. */
export function element(sum: Int32Array, slice: Slice): number {
  return sum[slice.start] as number;
}

function counts(sum: Int32Array, { start, length }: Slice): Int32Array {
  return sum.subarray(start, start + length);
}

/** @param positives and negatives: patients by equal bins of the score, as many bins each, a multiple of ten */
export function binaryMetrics(positives: Int32Array, negatives: Int32Array, loss: number): BinaryMetrics | undefined {
  const bins = positives.length;
  if (positives.some((count) => count < 0) || negatives.some((count) => count < 0)) return undefined;
  let lowerNegatives = 0;
  let concordantPairs = 0;
  let tiedPairs = 0;
  for (let bin = 0; bin < bins; bin++) {
    const positive = positives[bin] as number;
    const negative = negatives[bin] as number;
    concordantPairs += positive * lowerNegatives;
    tiedPairs += positive * negative;
    lowerNegatives += negative;
  }
  if (!Number.isSafeInteger(concordantPairs) || !Number.isSafeInteger(tiedPairs)) return undefined;
  const groupBins = bins / CALIBRATION_GROUPS;
  const calibration = Array.from({ length: CALIBRATION_GROUPS }, (_, group): [number, number] => {
    const inGroup = total(positives, group * groupBins, (group + 1) * groupBins);
    return [inGroup + total(negatives, group * groupBins, (group + 1) * groupBins), inGroup];
  });
  const allPositives = total(positives, 0, bins);
  return {
    kind: 'binary',
    patients: allPositives + lowerNegatives,
    positives: allPositives,
    truePositives: total(positives, bins / 2, bins),
    trueNegatives: total(negatives, 0, bins / 2),
    concordantPairs,
    tiedPairs,
    loss,
    calibration,
  };
}

function total(values: Int32Array, start: number, end: number): number {
  let sum = 0;
  for (let i = start; i < end; i++) sum += values[i] as number;
  return sum;
}
