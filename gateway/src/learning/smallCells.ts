/** Which counts stay off the ledger: those of fewer than SMALL_CELL_MIN patients, unless the study's data is public. */
import { type Metrics, SMALL_CELL_MIN, type StudyProtocol } from '@consilium/domain';

type Publicity = Pick<StudyProtocol, 'publicData'>;

/** The count, or null where it is suppressed. */
export function countOrNull(protocol: Publicity, count: number): number | null {
  return protocol.publicData || count >= SMALL_CELL_MIN ? count : null;
}

/** Whether a count of positives, or of the others among the patients, is suppressed: one gives the other away. */
export function hidesPositives(protocol: Publicity, patients: number, positives: number): boolean {
  return countOrNull(protocol, positives) === null || countOrNull(protocol, patients - positives) === null;
}

/**
 * Metrics as they may stand on the ledger, from a round's sum or a hospital's own. Null where patients, a class, or the
 * rightly or wrongly classified of a class are too few; calibration alone is null where one of its groups has too few.
 */
export function ledgerMetrics(protocol: Publicity, metrics: Metrics): Metrics | null {
  if (protocol.publicData) return metrics;
  if (metrics.kind === 'number') return metrics.patients < SMALL_CELL_MIN ? null : metrics;
  const { patients, positives, truePositives, trueNegatives, calibration } = metrics;
  const negatives = patients - positives;
  const cells = [truePositives, positives - truePositives, trueNegatives, negatives - trueNegatives];
  if (cells.some((count) => count < SMALL_CELL_MIN)) return null;
  const isTold = calibration?.every(
    ([inGroup, positive]) => inGroup === 0 || (positive >= SMALL_CELL_MIN && inGroup - positive >= SMALL_CELL_MIN),
  );
  return { ...metrics, calibration: isTold ? calibration : null };
}
