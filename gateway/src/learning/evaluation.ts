/** A hospital's evaluation of a model: its part of the round's vector, and its own exact figures. */
import {
  CALIBRATION_GROUPS,
  type EvaluationSlices,
  LOSS_PER_PATIENT_MAX,
  lossScale,
  type Metrics,
  refusal,
  type Slice,
  type StudyProtocol,
} from '@consilium/domain';
import { quantiseTotal } from '../privacy/fixedPoint.js';
import type { Scored } from './scoring.js';

/**
 * Writes loss and histograms (binary), or loss, patients and absolute error (number), where the slices say.
 * @throws ConsiliumError UPDATE_OVERFLOWS for more rows than patientsMax
 */
export function writeEvaluation(
  protocol: StudyProtocol,
  slices: EvaluationSlices,
  { scores, labels, losses }: Scored,
  vector: Int32Array,
): void {
  vector[slices.loss.start] = quantisedTotal(protocol, losses);
  if (slices.kind === 'number') {
    vector[slices.patients.start] = scores.length;
    vector[slices.absoluteError.start] = quantisedTotal(protocol, absoluteErrors({ scores, labels }));
    return;
  }
  for (const [k, score] of scores.entries()) {
    const histogram = labels[k] === 1 ? slices.positives : slices.negatives;
    const at = histogram.start + scoreGroup(score, histogram.length);
    vector[at] = (vector[at] as number) + 1;
  }
}

/** Writes the loss alone. */
export function writeLoss(protocol: StudyProtocol, slice: Slice, { losses }: Scored, vector: Int32Array): void {
  vector[slice.start] = quantisedTotal(protocol, losses);
}

/** This hospital's own figures: pairs are told apart by their very scores, not by bins. */
export function exactMetrics(protocol: StudyProtocol, scored: Scored): Metrics {
  const { scores, labels, losses } = scored;
  const loss = quantisedTotal(protocol, losses);
  if (protocol.label.kind === 'number')
    return {
      kind: 'number',
      patients: scores.length,
      loss,
      absoluteError: quantisedTotal(protocol, absoluteErrors(scored)),
    };
  const calibration = Array.from({ length: CALIBRATION_GROUPS }, (): [number, number] => [0, 0]);
  let [positives, truePositives, trueNegatives] = [0, 0, 0];
  for (const [k, score] of scores.entries()) {
    const label = labels[k] as number;
    const group = calibration[scoreGroup(score, CALIBRATION_GROUPS)] as [number, number];
    group[0] += 1;
    group[1] += label;
    positives += label;
    if (label === 1 && score >= 0.5) truePositives++;
    if (label === 0 && score < 0.5) trueNegatives++;
  }
  const counts = { patients: scores.length, positives, truePositives, trueNegatives };
  return { kind: 'binary', ...counts, ...exactPairs(scored), loss, calibration };
}

/** Pairs of a positive and a negative, by one walk over the sorted scores. */
function exactPairs({ scores, labels }: Pick<Scored, 'scores' | 'labels'>) {
  const order = Array.from(scores.keys()).sort((a, b) => (scores[a] as number) - (scores[b] as number));
  let [concordantPairs, tiedPairs, lowerNegatives] = [0, 0, 0];
  for (let start = 0, end = 0; start < order.length; start = end) {
    let [positives, negatives] = [0, 0];
    for (; end < order.length && scores[order[end] as number] === scores[order[start] as number]; end++)
      if (labels[order[end] as number] === 1) positives++;
      else negatives++;
    concordantPairs += positives * lowerNegatives;
    tiedPairs += positives * negatives;
    lowerNegatives += negatives;
  }
  return { concordantPairs, tiedPairs };
}

/** The equal bin of a score of 0 to 1. */
function scoreGroup(score: number, groups: number): number {
  return Math.min(Math.floor(score * groups), groups - 1);
}

function absoluteErrors({ scores, labels }: Pick<Scored, 'scores' | 'labels'>): Float64Array {
  return scores.map((score, k) => Math.min(Math.abs(score - (labels[k] as number)), LOSS_PER_PATIENT_MAX));
}

/** Each row's figure is at most LOSS_PER_PATIENT_MAX; summed on doubles in the order of rows, quantised once. */
function quantisedTotal(protocol: StudyProtocol, perRow: Float64Array): number {
  if (perRow.length > protocol.patientsMax)
    throw refusal('UPDATE_OVERFLOWS', {
      problem: `${perRow.length} patients are held out, patientsMax allows ${protocol.patientsMax}`,
    });
  let total = 0;
  for (const value of perRow) total += value;
  return quantiseTotal(total, protocol.patientsMax * LOSS_PER_PATIENT_MAX, lossScale(protocol));
}
