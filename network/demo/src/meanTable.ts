import { decimals, percent, textTable } from '@consilium/client/text';
import { ARMS, type Comparison, type FigureName } from './comparison.js';
import { ARM_TITLES } from './resultTables.js';

const SHORT: Readonly<Record<FigureName, string>> = {
  accuracy: 'accuracy',
  auc: 'AUC',
  logLoss: 'log-loss',
  rootMeanSquaredError: 'root mean squared error',
  meanAbsoluteError: 'mean absolute error',
};

/** The figures of a comparison in one line an arm: mean of hospitals, and all test rows together. */
export function meanTable(comparison: Comparison): string {
  const names = Object.keys(comparison) as FigureName[];
  return textTable(
    ['', ...names.flatMap((name) => [`${SHORT[name]}: mean of hospitals`, 'all test rows'])],
    ARMS.map((arm) => [
      ARM_TITLES[arm],
      ...names.flatMap((name) => {
        const text = name === 'accuracy' ? percent : decimals;
        const figure = comparison[name]?.[arm];
        return [text(figure?.meanOfHospitals ?? null), text(figure?.pooledTestExact ?? null)];
      }),
    ]),
  );
}
