/** The curve over fractions of the training rows: a table and an SVG. */

import { decimals, textTable } from '@consilium/client/text';
import type { ArmName } from './arms.js';
import { type FractionPoint, fractionChart } from './charts.js';
import type { Comparison, FigureName } from './comparison.js';
import type { FractionFigures } from './report.js';

const SHOWN: readonly (readonly [FigureName, 'meanOfHospitals' | 'pooledTestExact', string])[] = [
  ['accuracy', 'meanOfHospitals', 'accuracy, mean of hospitals'],
  ['accuracy', 'pooledTestExact', 'accuracy, all test rows'],
  ['auc', 'pooledTestExact', 'AUC, all test rows'],
  ['logLoss', 'pooledTestExact', 'log-loss, all test rows'],
  ['rootMeanSquaredError', 'pooledTestExact', 'root mean squared error'],
  ['meanAbsoluteError', 'pooledTestExact', 'mean absolute error'],
];
const COMPARED: readonly (readonly [ArmName, string])[] = [
  ['federated', 'together'],
  ['alone', 'each alone'],
];

export function fractionTable(fractions: readonly FractionFigures[]): string {
  const figures = SHOWN.filter(([name]) => fractions.some(({ metrics }) => metrics[name]));
  return textTable(
    ['training rows used', '', ...figures.map(([, , title]) => title)],
    fractions.flatMap(({ fraction, nTrain, metrics }) =>
      COMPARED.map(([arm, title], k) => [
        k === 0 ? `${Math.round(100 * fraction)} % (${Object.values(nTrain).join('/')})` : '',
        title,
        ...figures.map(([name, which]) => decimals(figureAt(metrics, name, arm, which))),
      ]),
    ),
  );
}

export function fractionSvg(fractions: readonly FractionFigures[]): Promise<string> {
  const points: FractionPoint[] = fractions.flatMap(({ fraction, metrics }) =>
    SHOWN.flatMap(([name, which, figure]) =>
      COMPARED.flatMap(([arm, title]) => {
        const value = figureAt(metrics, name, arm, which);
        return value === null ? [] : [{ fraction, arm: title, figure, value }];
      }),
    ),
  );
  return fractionChart(points);
}

function figureAt(metrics: Comparison, name: FigureName, arm: ArmName, which: 'meanOfHospitals' | 'pooledTestExact') {
  return metrics[name]?.[arm][which] ?? null;
}
