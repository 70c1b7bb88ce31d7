/** How features are scaled before a model sees them. */
import type { StudyProtocol } from '@consilium/domain';
import { standardisationOf } from './aggregateStatistics.js';
import type { TrainingRows } from './trainingRows.js';
import type { Standardisation, VersionContent } from './versionFile.js';

/** Sums of each feature and of its square over the train rows, on doubles, in the order of rows. */
export function trainSums(rows: TrainingRows): { sums: Float64Array; squares: Float64Array; count: number } {
  const { featureCount, features, sets } = rows;
  const sums = new Float64Array(featureCount);
  const squares = new Float64Array(featureCount);
  let count = 0;
  for (const [row, set] of sets.entries()) {
    if (set !== 'train') continue;
    count++;
    for (let k = 0; k < featureCount; k++) {
      const value = features[row * featureCount + k] as number;
      sums[k] = (sums[k] as number) + value;
      squares[k] = (squares[k] as number) + value * value;
    }
  }
  return { sums, squares, count };
}

/**
 * What a study's features are standardised by: the version's statistics, this hospital's own train rows, or nothing
 * (undefined) for declared ranges, for a version without statistics, and for a hospital without a train row.
 */
export function standardisationFor(
  rows: TrainingRows,
  standardisation: StudyProtocol['standardisation'],
  version: Pick<VersionContent, 'statistics'>,
): Standardisation | undefined {
  if (standardisation === 'federated') return version.statistics;
  if (standardisation === 'declared-ranges') return undefined;
  const { sums, squares, count } = trainSums(rows);
  return count === 0 ? undefined : standardisationOf(sums, squares, count);
}

/** `[rows, features]`: (u - mean) / deviation on doubles, then Float32. */
export function standardised(rows: TrainingRows, by: Standardisation | undefined): Float32Array {
  if (!by) return rows.features;
  const { featureCount, features } = rows;
  const { mean, deviation } = by;
  const scaled = new Float32Array(features.length);
  for (let at = 0, k = 0; at < features.length; at++, k = k + 1 === featureCount ? 0 : k + 1)
    scaled[at] = ((features[at] as number) - (mean[k] as number)) / (deviation[k] as number);
  return scaled;
}
