/** The tables that a doctor reads: figures by hospital and overall, with counts and 95 % intervals. */

import { decimals, percent, textTable } from '@consilium/client/text';
import type { StudyProtocol } from '@consilium/domain';
import type { ArmName, Arms, HospitalRows } from './arms.js';
import { ARMS, allRows, type Comparison, type FigureName } from './comparison.js';
import type { DemoHospital } from './hospitals.js';
import {
  areaInterval,
  type Interval,
  lossInterval,
  pairedAccuracyDifference,
  proportionInterval,
} from './intervals.js';
import { correctRows, type ScoredRow } from './scores.js';

const TITLES: Readonly<Record<FigureName, string>> = {
  accuracy: 'Accuracy: test patients whose class the model names correctly, with 95 % interval',
  auc: 'AUC: how often a patient with the condition scores above one without, with 95 % interval',
  logLoss: 'Log-loss in nats a patient: how far stated probabilities are from what happened, lower is better',
  rootMeanSquaredError: 'Root mean squared error, lower is better',
  meanAbsoluteError: 'Mean absolute error, lower is better',
};
export const ARM_TITLES: Readonly<Record<ArmName, string>> = {
  federated: 'together',
  alone: 'each alone',
  majority: 'always the majority',
};

/** All tables of a study's comparison, under a line that says whose patients these are. */
export function resultTables(
  hospitals: readonly DemoHospital[],
  arms: Arms,
  comparison: Comparison,
  protocol: StudyProtocol,
  dataLine: string,
): string {
  const unit = protocol.label.kind === 'number' && protocol.label.unit ? ` in ${protocol.label.unit}` : '';
  const tables = (Object.keys(comparison) as FigureName[]).map((name) =>
    [
      `${TITLES[name]}${unit && !TITLES[name].includes('nats') ? unit : ''}`,
      `(${dataLine})`,
      figureTable(name, hospitals, arms, comparison),
    ].join('\n'),
  );
  return tables.join('\n\n');
}

function figureTable(name: FigureName, hospitals: readonly DemoHospital[], arms: Arms, comparison: Comparison): string {
  const compared = comparison[name];
  if (!compared) return '';
  const shown = ARMS.filter((arm) => Object.values(compared[arm].perHospital).some((value) => value !== null));
  const cell = (arm: ArmName, rows: readonly ScoredRow[], value: number | null) => cellText(name, rows, value, arm);
  const perHospital = hospitals.map(({ msp, name: title }) => [
    title,
    String(arms.training.get(msp)?.rows ?? 0),
    String(arms.rows.federated.get(msp)?.length ?? 0),
    ...shown.map((arm) => cell(arm, rowsOf(arms.rows[arm], msp), compared[arm].perHospital[msp] ?? null)),
  ]);
  const trained = [...arms.training.values()].reduce((sum, { rows }) => sum + rows, 0);
  return textTable(
    ['', 'training', 'test', ...shown.map((arm) => ARM_TITLES[arm])],
    [
      ...perHospital,
      'rule',
      [
        'all test rows',
        String(trained),
        String(allRows(arms.rows.federated).length),
        ...shown.map((arm) => cell(arm, allRows(arms.rows[arm]), compared[arm].pooledTestExact)),
      ],
      ['mean of hospitals', '', '', ...shown.map((arm) => figureText(name, compared[arm].meanOfHospitals))],
    ],
  );
}

function rowsOf(rows: HospitalRows, msp: string): readonly ScoredRow[] {
  return rows.get(msp as never) ?? [];
}

function figureText(name: FigureName, value: number | null): string {
  return name === 'accuracy' ? percent(value) : decimals(value);
}

function cellText(name: FigureName, rows: readonly ScoredRow[], value: number | null, arm: ArmName): string {
  if (value === null) return '-';
  if (name === 'accuracy') {
    const correct = correctRows(rows);
    return `${correct}/${rows.length}  ${percent(value)} ${intervalText(proportionInterval(correct, rows.length), percentage)}`;
  }
  if (arm === 'majority') return figureText(name, value);
  const interval = name === 'auc' ? areaInterval(rows) : name === 'logLoss' ? lossInterval(rows) : null;
  return `${figureText(name, value)} ${intervalText(interval, hundredths)}`.trimEnd();
}

function percentage(value: number): string {
  return (100 * value).toFixed(0);
}

function hundredths(value: number): string {
  return value.toFixed(2);
}

function intervalText(interval: Interval | null, text: (value: number) => string): string {
  return interval ? `(${text(interval.low)}-${text(interval.high)})` : '';
}

/** How many test patients only one of the two arms gets right, and the difference of accuracy with its interval. */
export function pairedLine(arms: Arms): string {
  const ours = allRows(arms.rows.federated);
  const { difference, interval, oursOnly, theirsOnly } = pairedAccuracyDifference(ours, allRows(arms.rows.alone));
  const points = (value: number) => (100 * value).toFixed(1);
  return [
    `Together against alone, on the same ${ours.length} test patients: ${oursOnly} are named correctly only together, ${theirsOnly} only alone:`,
    `a difference of ${points(difference)} points of accuracy, 95 % interval ${points(interval.low)} to ${points(interval.high)}.`,
  ].join('\n');
}
