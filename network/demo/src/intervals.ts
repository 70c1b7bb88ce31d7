/** 95 % intervals of the figures in the table. */
import { isCorrect, logLossOf, mean, placementsOf, type ScoredRow } from './scores.js';

export type Interval = Readonly<{ low: number; high: number }>;

const Z = 1.959963984540054;

/** Wilson's score interval of a proportion (JASA 22, 1927). */
export function proportionInterval(successes: number, trials: number): Interval | null {
  if (trials === 0) return null;
  const p = successes / trials;
  const centre = (p + (Z * Z) / (2 * trials)) / (1 + (Z * Z) / trials);
  const half = (Z / (1 + (Z * Z) / trials)) * Math.sqrt((p * (1 - p)) / trials + (Z * Z) / (4 * trials * trials));
  return { low: centre - half, high: centre + half };
}

/** DeLong's interval of an area under the ROC curve (Biometrics 44, 1988); null with one class or one row of a class. */
export function areaInterval(rows: readonly ScoredRow[]): Interval | null {
  const placements = placementsOf(rows);
  if (!placements || placements.positives.length < 2 || placements.negatives.length < 2) return null;
  const area = mean(placements.positives);
  const half =
    Z *
    Math.sqrt(
      variance(placements.positives) / placements.positives.length +
        variance(placements.negatives) / placements.negatives.length,
    );
  return { low: Math.max(0, area - half), high: Math.min(1, area + half) };
}

/** Normal interval of a mean log-loss. */
export function lossInterval(rows: readonly ScoredRow[]): Interval | null {
  if (rows.length < 2) return null;
  const losses = rows.map(logLossOf);
  const half = Z * Math.sqrt(variance(losses) / losses.length);
  return { low: Math.max(0, mean(losses) - half), high: mean(losses) + half };
}

/**
 * Difference of two accuracies on the same rows, after Agresti and Min (Statistics in Medicine 24, 2005): one half is
 * added to each cell of the paired table.
 */
export function pairedAccuracyDifference(
  ours: readonly ScoredRow[],
  theirs: readonly ScoredRow[],
): { difference: number; interval: Interval; oursOnly: number; theirsOnly: number } {
  if (ours.length !== theirs.length) throw new RangeError('paired rows are as many on both sides');
  let oursOnly = 0;
  let theirsOnly = 0;
  for (const [k, row] of ours.entries()) {
    const other = theirs[k] as ScoredRow;
    if (isCorrect(row) && !isCorrect(other)) oursOnly += 1;
    if (!isCorrect(row) && isCorrect(other)) theirsOnly += 1;
  }
  const n = ours.length + 2;
  const [b, c] = [oursOnly + 0.5, theirsOnly + 0.5];
  const centre = (b - c) / n;
  const half = (Z / n) * Math.sqrt(b + c - ((b - c) * (b - c)) / n);
  return {
    difference: (oursOnly - theirsOnly) / ours.length,
    interval: { low: centre - half, high: centre + half },
    oursOnly,
    theirsOnly,
  };
}

/** Unbiased variance. */
function variance(values: readonly number[]): number {
  const centre = mean(values);
  return values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1);
}
