/** Figures of both arms on the test rows, mean over seeds. */
import type { LocalTraining, Msp, StudyProtocol } from '@consilium/domain';
import { HEART_HOSPITALS } from '../heartHospitals.js';
import { learnAlone, learnTogether, settingOf } from './arms.js';
import { type Figures, figuresOf, meanFigures } from './figures.js';
import { type Federation, sharedOut } from './patients.js';
import { standardisationOf } from './standardised.js';

type Wish = Readonly<{
  training: Federation;
  test: Federation;
  study: StudyProtocol;
  share: number;
  seeds: readonly number[];
  /** Absent: as the study says. */
  federated?: LocalTraining;
  /** Absent: that arm is left out. */
  alone?: (msp: Msp) => LocalTraining;
}>;

export function testFigures({ training, test, study, share, seeds, federated, alone }: Wish): {
  federated: Figures;
  alone?: Figures;
} {
  const setting = settingOf(study);
  const drawn = seeds.map((seed) => ({ seed, rows: sharedOut(training, seed, share) }));
  const together = drawn.map(({ seed, rows }) =>
    figuresOf(learnTogether(rows, setting, federated ?? study.training, seed), test),
  );
  if (!alone) return { federated: meanFigures(together) };
  const apart = drawn.map(({ seed, rows }) => {
    const learned = rows.map((own, h) => learnAlone(own, alone(HEART_HOSPITALS[h]?.msp as Msp), seed));
    return figuresOf(learned, test);
  });
  return { federated: meanFigures(together), alone: meanFigures(apart) };
}

/**
 * FLamby's "pooled test" of a study with one model for all: its shared weights on all test rows, standardised not by each
 * hospital's own rows but by all training rows together. Accuracy.
 *
 * @param weights a weight a feature, then the intercept
 */
export function pooledTestAccuracy(weights: Float64Array, { training, test }: Pick<Wish, 'training' | 'test'>): number {
  const standardisation = standardisationOf(training);
  return figuresOf(
    test.map(() => ({ weights, standardisation })),
    test,
  ).allRows;
}

/** `accuracy 0.8240 mean of hospitals, 0.8000 all rows; AUC 0.8829; log-loss 0.4427 (Cleveland 0.794, …)`. */
export function figureLine(figures: Figures): string {
  const { meanOfHospitals, allRows, area, logLoss, accuracies } = figures;
  const each = HEART_HOSPITALS.map(({ name }, h) => `${name} ${(accuracies[h] as number).toFixed(3)}`).join(', ');
  return `accuracy ${meanOfHospitals.toFixed(4)} mean of hospitals, ${allRows.toFixed(4)} all rows; AUC ${area.toFixed(4)}; log-loss ${logLoss.toFixed(4)} (${each})`;
}
