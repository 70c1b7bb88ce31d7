/** What the evaluation part of a sum says of a model, with small cells left out: a second implementation. */
import {
  type BinaryMetrics,
  CALIBRATION_GROUPS,
  type EvaluationSlices,
  type Metrics,
  type RoundResult,
  type Slice,
  SMALL_CELL_MIN,
  type StudyProtocol,
  type VectorLayout,
} from '@consilium/domain';

type Publicity = Pick<StudyProtocol, 'publicData'>;

/** The one element of a slice. */
export function at(sum: Int32Array, { start }: Slice): number {
  return sum[start] as number;
}

/** A count as it may stand on the ledger. */
export function told({ publicData }: Publicity, count: number): number | null {
  return publicData || count >= SMALL_CELL_MIN ? count : null;
}

/** The validation and the test part of a result. */
export function figuresOf(
  protocol: StudyProtocol,
  { validation, test }: VectorLayout,
  sum: Int32Array,
): Pick<RoundResult, 'validation' | 'test'> {
  const figures: Pick<RoundResult, 'validation' | 'test'> = {};
  if (validation) {
    const metrics = metricsIn(sum, validation.base);
    figures.validation = {
      patients: (metrics && told(protocol, metrics.patients)) ?? 0,
      loss: at(sum, validation.base.loss),
      parentLoss: at(sum, validation.parentLoss),
      metrics: metrics && withoutSmallCells(protocol, metrics),
    };
  }
  if (test) {
    const [base, parent] = [metricsIn(sum, test.base), metricsIn(sum, test.parent)];
    figures.test = { base: base && withoutSmallCells(protocol, base) };
    // Nobody was evaluated on a parent: there was none.
    if (parent?.patients !== 0) figures.test.parent = parent && withoutSmallCells(protocol, parent);
  }
  return figures;
}

/** Null for sums that no patients can have given. */
export function metricsIn(sum: Int32Array, slices: EvaluationSlices): Metrics | null {
  const loss = at(sum, slices.loss);
  if (slices.kind === 'number') {
    const patients = at(sum, slices.patients);
    return patients < 0 ? null : { kind: 'number', patients, loss, absoluteError: at(sum, slices.absoluteError) };
  }
  const [positives, negatives] = [slices.positives, slices.negatives].map(({ start, length }) =>
    Array.from(sum.subarray(start, start + length)),
  ) as [number[], number[]];
  if ([...positives, ...negatives].some((count) => count < 0)) return null;
  // A pair counts where the positive's bin is the higher one: from the top bin down.
  let [higherPositives, concordantPairs, tiedPairs] = [0, 0, 0];
  for (let bin = positives.length - 1; bin >= 0; bin--) {
    const [positive, negative] = [positives[bin] as number, negatives[bin] as number];
    concordantPairs += negative * higherPositives;
    tiedPairs += positive * negative;
    higherPositives += positive;
  }
  if (concordantPairs > Number.MAX_SAFE_INTEGER || tiedPairs > Number.MAX_SAFE_INTEGER) return null;
  const half = positives.length / 2;
  const group = positives.length / CALIBRATION_GROUPS;
  return {
    kind: 'binary',
    patients: total(positives) + total(negatives),
    positives: total(positives),
    truePositives: total(positives.slice(half)),
    trueNegatives: total(negatives.slice(0, half)),
    concordantPairs,
    tiedPairs,
    loss,
    calibration: Array.from({ length: CALIBRATION_GROUPS }, (_, k): [number, number] => {
      const [inGroup, others] = [positives, negatives].map((all) => total(all.slice(k * group, (k + 1) * group)));
      return [(inGroup as number) + (others as number), inGroup as number];
    }),
  };
}

function withoutSmallCells(protocol: Publicity, metrics: Metrics): Metrics | null {
  if (protocol.publicData) return metrics;
  if (metrics.kind === 'number') return told(protocol, metrics.patients) === null ? null : metrics;
  const { patients, positives, truePositives, trueNegatives, calibration } = metrics;
  const cells = [truePositives, trueNegatives, positives - truePositives, patients - positives - trueNegatives];
  if (cells.some((count) => told(protocol, count) === null)) return null;
  return { ...metrics, calibration: calibrationTold(protocol, calibration) };
}

function calibrationTold(protocol: Publicity, groups: BinaryMetrics['calibration']): BinaryMetrics['calibration'] {
  const isHidden = groups?.some(
    ([all, positive]) => all > 0 && [positive, all - positive].some((count) => told(protocol, count) === null),
  );
  return isHidden ? null : groups;
}

function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
