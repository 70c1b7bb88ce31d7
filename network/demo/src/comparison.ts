/** The figures that arms are compared by: one number for all test rows, one a hospital, and the mean of hospitals. */
import {
  accuracy as accuracyOfMetrics,
  areaUnderCurve,
  type BinaryMetrics,
  lossScale,
  type Metrics,
  meanLoss,
  type StudyProtocol,
} from '@consilium/domain';
import type { ArmName, Arms, HospitalRows } from './arms.js';
import {
  accuracyOf,
  areaOf,
  meanAbsoluteError,
  meanDefined,
  meanLogLoss,
  rootMeanSquaredError,
  type ScoredRow,
} from './scores.js';

export type FigureName = 'accuracy' | 'auc' | 'logLoss' | 'rootMeanSquaredError' | 'meanAbsoluteError';
export const ARMS: readonly ArmName[] = ['federated', 'alone', 'majority'];

/** Null is what is undefined: the AUC of one class. */
export type Figure = Readonly<{
  /** From histograms and counts over all hospitals, which is all that a real federation can know. */
  pooledTest: number | null;
  /** From every test row of all hospitals put together. */
  pooledTestExact: number | null;
  meanOfHospitals: number | null;
  perHospital: Readonly<Record<string, number | null>>;
}>;

/** The figures of the study's kind of label: three of a binary one, two of a number. */
export type Comparison = Readonly<Partial<Record<FigureName, Readonly<Record<ArmName, Figure>>>>>;

type Definition = Readonly<{
  exact: (rows: readonly ScoredRow[]) => number | null;
  attested: (metrics: Metrics) => number | null;
}>;

function definitions(protocol: StudyProtocol): ReadonlyMap<FigureName, Definition> {
  const label = protocol.label;
  const scale = lossScale(protocol);
  if (label.kind === 'binary') {
    const binary = (of: (metrics: BinaryMetrics) => number | null) => (metrics: Metrics) =>
      metrics.kind === 'binary' ? of(metrics) : null;
    return new Map<FigureName, Definition>([
      ['accuracy', { exact: accuracyOf, attested: binary(accuracyOfMetrics) }],
      ['auc', { exact: areaOf, attested: binary(areaUnderCurve) }],
      ['logLoss', { exact: meanLogLoss, attested: binary((metrics) => meanLoss(metrics, scale)) }],
    ]);
  }
  const unit = (label.max - label.min) / 2;
  const perPatient = (sum: number, patients: number) => (patients === 0 ? null : sum / scale / patients);
  return new Map<FigureName, Definition>([
    [
      'rootMeanSquaredError',
      {
        exact: rootMeanSquaredError,
        attested: (metrics) => {
          const squared = perPatient(metrics.loss, metrics.patients);
          return squared === null ? null : Math.sqrt(squared) * unit;
        },
      },
    ],
    [
      'meanAbsoluteError',
      {
        exact: meanAbsoluteError,
        attested: (metrics) =>
          metrics.kind === 'number' ? scaled(perPatient(metrics.absoluteError, metrics.patients), unit) : null,
      },
    ],
  ]);
}

function scaled(value: number | null, unit: number): number | null {
  return value === null ? null : value * unit;
}

/** @param attested what the members attested of the released version on test rows; null where small cells hide it */
export function compareArms(arms: Arms, protocol: StudyProtocol, attested: Metrics | null): Comparison {
  const known = definitions(protocol);
  const figure = ({ exact, attested: fromSums }: Definition, arm: ArmName): Figure => {
    const rows = arms.rows[arm];
    const perHospital = Object.fromEntries([...rows].map(([msp, own]) => [msp, exact(own)]));
    const pooled = exact(allRows(rows));
    return {
      pooledTest: arm === 'federated' ? attested && fromSums(attested) : pooled,
      pooledTestExact: pooled,
      meanOfHospitals: meanDefined(Object.values(perHospital)),
      perHospital,
    };
  };
  return Object.fromEntries([...known].map(([name, definition]) => [name, eachArm((arm) => figure(definition, arm))]));
}

function eachArm(make: (arm: ArmName) => Figure): Record<ArmName, Figure> {
  return { federated: make('federated'), alone: make('alone'), majority: make('majority') };
}

/** Test rows of all hospitals, in the hospitals' order. */
export function allRows(rows: HospitalRows): ScoredRow[] {
  return [...rows.values()].flat();
}

/** The mean of several comparisons, figure by figure; undefined where one of them is. */
export function meanComparison(comparisons: readonly Comparison[]): Comparison {
  const first = comparisons[0] as Comparison;
  const over = (pick: (comparison: Comparison) => number | null): number | null => {
    const values = comparisons.map(pick);
    return values.includes(null) ? null : meanDefined(values);
  };
  const figure = (name: FigureName, arm: ArmName): Figure => ({
    pooledTest: over((comparison) => comparison[name]?.[arm].pooledTest ?? null),
    pooledTestExact: over((comparison) => comparison[name]?.[arm].pooledTestExact ?? null),
    meanOfHospitals: over((comparison) => comparison[name]?.[arm].meanOfHospitals ?? null),
    perHospital: Object.fromEntries(
      Object.keys(first[name]?.[arm].perHospital ?? {}).map((msp) => [
        msp,
        over((comparison) => comparison[name]?.[arm].perHospital[msp] ?? null),
      ]),
    ),
  });
  return Object.fromEntries(
    (Object.keys(first) as FigureName[]).map((name) => [name, eachArm((arm) => figure(name, arm))]),
  );
}
