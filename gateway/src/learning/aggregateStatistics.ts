/** A statistics round's sum as means and deviations of features over all hospitals. */
import {
  type NoVersionReason,
  type RoundResult,
  type StudyProtocol,
  statisticsScale,
  type VectorLayout,
} from '@consilium/domain';
import { dequantise } from '../privacy/fixedPoint.js';
import { element } from './histogramMetrics.js';
import { countOrNull, hidesPositives } from './smallCells.js';
import type { Standardisation } from './versionFile.js';

/**
 * In units where a feature's declared range is 2 wide: what varies less is taken to be constant, and is divided by 1. So a
 * value that training never saw, of a level that a hospital does not have, does not outweigh all else.
 */
export const DEVIATION_MIN = 2 ** -10;

type StatisticsSlices = NonNullable<VectorLayout['statistics']>;
export type StatisticsMade =
  | Readonly<{ reason: NoVersionReason }>
  | Readonly<{ statistics: Standardisation | undefined; result: Pick<RoundResult, 'statistics'> }>;

/** mean = Σu / n; deviation = sqrt(max(Σu² / n - mean * mean, 0)), of the population; 1 where that is below DEVIATION_MIN. */
export function standardisationOf(sums: Float64Array, squares: Float64Array, count: number): Standardisation {
  const mean = sums.map((sum) => sum / count);
  const deviation = squares.map((square, i) => {
    const average = mean[i] as number;
    const root = Math.sqrt(Math.max(square / count - average * average, 0));
    return root < DEVIATION_MIN ? 1 : root;
  });
  return { mean, deviation };
}

/** `ZERO_WEIGHT` without a patient; `ONE_CLASS` where all patients of the federation have one label. */
export function statisticsMade(protocol: StudyProtocol, slices: StatisticsSlices, sum: Int32Array): StatisticsMade {
  const patients = element(sum, slices.patients);
  if (patients <= 0) return { reason: 'ZERO_WEIGHT' };
  const positives = slices.positives ? element(sum, slices.positives) : null;
  if (positives !== null && (positives <= 0 || positives >= patients)) return { reason: 'ONE_CLASS' };
  const hidden = positives === null || hidesPositives(protocol, patients, positives);
  const told = { patients: countOrNull(protocol, patients), positives: hidden ? null : positives };
  return { statistics: standardisation(protocol, slices, sum, patients), result: { statistics: told } };
}

function standardisation(protocol: StudyProtocol, slices: StatisticsSlices, sum: Int32Array, patients: number) {
  if (!slices.sums || !slices.squares) return undefined;
  const scale = statisticsScale(protocol);
  const [sums, squares] = [slices.sums, slices.squares].map(({ start, length }) =>
    Float64Array.from(sum.subarray(start, start + length), (quantised) => dequantise(quantised, scale)),
  ) as [Float64Array, Float64Array];
  return standardisationOf(sums, squares, patients);
}
