/** Accuracy, AUC and log-loss of an arm on test rows. */
import type { Learned } from './arms.js';
import { lossOf, scoresOf } from './logisticTraining.js';
import type { Federation } from './patients.js';
import { standardised } from './standardised.js';

export type Figures = Readonly<{
  /** Accuracy, mean of hospitals. */
  meanOfHospitals: number;
  /** Accuracy, AUC and mean log-loss over all test rows together. */
  allRows: number;
  area: number;
  logLoss: number;
  /** Accuracy by hospital. */
  accuracies: readonly number[];
}>;

export function figuresOf(learned: readonly Learned[], test: Federation): Figures {
  const hospitals = test.map((patients, hospital) => {
    const { weights, standardisation } = learned[hospital] as Learned;
    const { labels, ...rows } = standardised(patients, standardisation);
    return { labels, scores: scoresOf(weights, { labels, ...rows }) };
  });
  const scores = Float64Array.from(hospitals.flatMap((hospital) => [...hospital.scores]));
  const labels = Float64Array.from(hospitals.flatMap((hospital) => [...hospital.labels]));
  const accuracies = hospitals.map((hospital) => accuracyOf(hospital.scores, hospital.labels));
  return {
    meanOfHospitals: accuracies.reduce((a, b) => a + b) / accuracies.length,
    allRows: accuracyOf(scores, labels),
    area: areaOf(scores, labels),
    logLoss: lossOf(scores, labels) / labels.length,
    accuracies,
  };
}

function accuracyOf(scores: Float64Array, labels: Float64Array): number {
  return scores.reduce((hits, score, row) => hits + (score >= 0.5 === (labels[row] === 1) ? 1 : 0), 0) / scores.length;
}

/** Share of pairs of a positive and a negative that the scores order rightly, ties counted half. */
function areaOf(scores: Float64Array, labels: Float64Array): number {
  const of = (label: number) => scores.filter((_, row) => labels[row] === label);
  const [negatives, positives] = [of(0), of(1)];
  let pairs = 0;
  for (const positive of positives)
    for (const negative of negatives) pairs += positive > negative ? 1 : positive === negative ? 0.5 : 0;
  return pairs / (positives.length * negatives.length);
}

/** The mean of each figure over several runs. */
export function meanFigures(runs: readonly Figures[]): Figures {
  const mean = (of: (figures: Figures) => number) => runs.reduce((sum, run) => sum + of(run), 0) / runs.length;
  return {
    meanOfHospitals: mean((run) => run.meanOfHospitals),
    allRows: mean((run) => run.allRows),
    area: mean((run) => run.area),
    logLoss: mean((run) => run.logLoss),
    accuracies: (runs[0] as Figures).accuracies.map((_, hospital) => mean((run) => run.accuracies[hospital] as number)),
  };
}
