/** Figures of a score on rows whose label is known, exactly, from each row. */
import { CALIBRATION_GROUPS, LOSS_PER_PATIENT_MAX } from '@consilium/domain';

/** A test row as its own hospital sees it: the model's score in [0, 1], the label 0 or 1, and the class that is named. */
export type ScoredRow = Readonly<{ score: number; label: number; named?: number }>;

/** The class that a score names: the one given beside it, else positive from one half on. */
function namedClass(row: ScoredRow): number {
  return row.named ?? (row.score >= 0.5 ? 1 : 0);
}

export function isCorrect(row: ScoredRow): boolean {
  return namedClass(row) === row.label;
}

export function correctRows(rows: readonly ScoredRow[]): number {
  return rows.filter(isCorrect).length;
}

export function accuracyOf(rows: readonly ScoredRow[]): number | null {
  return rows.length === 0 ? null : correctRows(rows) / rows.length;
}

/** Area under the ROC curve as the probability that a positive scores above a negative, ties counted half; null with one class. */
export function areaOf(rows: readonly ScoredRow[]): number | null {
  const placements = placementsOf(rows);
  return placements ? mean(placements.positives) : null;
}

/**
 * For each positive the share of negatives below it, for each negative the share of positives above it, ties half
 * (the structural components of DeLong, DeLong and Clarke-Pearson, Biometrics 44, 1988).
 */
export function placementsOf(rows: readonly ScoredRow[]): { positives: number[]; negatives: number[] } | null {
  const positives = rows.filter(({ label }) => label === 1).map(({ score }) => score);
  const negatives = rows.filter(({ label }) => label === 0).map(({ score }) => score);
  if (positives.length === 0 || negatives.length === 0) return null;
  const wins = (a: number, b: number) => (a > b ? 1 : a === b ? 0.5 : 0);
  return {
    positives: positives.map((p) => mean(negatives.map((n) => wins(p, n)))),
    negatives: negatives.map((n) => mean(positives.map((p) => wins(p, n)))),
  };
}

/** A row's log-loss in nats, at most 16. */
export function logLossOf({ score, label }: ScoredRow): number {
  return Math.min(LOSS_PER_PATIENT_MAX, -Math.log(label === 1 ? score : 1 - score));
}

export function meanLogLoss(rows: readonly ScoredRow[]): number | null {
  return rows.length === 0 ? null : mean(rows.map(logLossOf));
}

/** Root of the mean squared difference of score and label; null without rows. */
export function rootMeanSquaredError(rows: readonly ScoredRow[]): number | null {
  return rows.length === 0 ? null : Math.sqrt(mean(rows.map(({ score, label }) => (score - label) ** 2)));
}

/** Mean absolute difference of score and label; null without rows. */
export function meanAbsoluteError(rows: readonly ScoredRow[]): number | null {
  return rows.length === 0 ? null : mean(rows.map(({ score, label }) => Math.abs(score - label)));
}

/** Rows, mean score and share of positives by tenth of the score. */
export function calibrationOf(
  rows: readonly ScoredRow[],
): Array<{ rows: number; meanScore: number; positives: number }> {
  const groups = Array.from({ length: CALIBRATION_GROUPS }, () => ({ rows: 0, scores: 0, positives: 0 }));
  for (const { score, label } of rows) {
    const group = groups[Math.min(CALIBRATION_GROUPS - 1, Math.floor(score * CALIBRATION_GROUPS))];
    if (!group) continue;
    group.rows += 1;
    group.scores += score;
    group.positives += label;
  }
  return groups.map((group) => ({
    rows: group.rows,
    meanScore: group.rows ? group.scores / group.rows : 0,
    positives: group.rows ? group.positives / group.rows : 0,
  }));
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Mean of those that are defined; null where none is. */
export function meanDefined(values: readonly (number | null)[]): number | null {
  const defined = values.filter((value) => value !== null);
  return defined.length === 0 ? null : mean(defined);
}
