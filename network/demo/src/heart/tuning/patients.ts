/** The four hospitals' rows as numbers, encoded by the study's own columns. */
import { readFile } from 'node:fs/promises';
import { featureNames, type StudyProtocol, sha256Hex } from '@consilium/domain';
import { byHospital, HEART_COLUMNS, HEART_HOSPITALS, type HeartKey } from '../heartHospitals.js';
import { linesOf, readHeartSplit } from '../heartSplit.js';

/** A patient: features mapped to [-1, 1] or one-hot, not standardised. */
export type Patient = Readonly<{ line: number; features: Float64Array; label: number }>;
/** Patients of each hospital, in the order of `HEART_HOSPITALS`. */
export type Federation = readonly (readonly Patient[])[];

type Columns = Pick<StudyProtocol, 'columns' | 'label'>;

/**
 * @param lines which of the split's lists; a caller that chooses anything asks for `trainLines` alone, and the labels of
 *   test rows are then not read
 */
export async function readPatients(
  files: Readonly<Record<HeartKey, string>>,
  lines: 'trainLines' | 'testLines',
  study: Columns,
): Promise<Federation> {
  const split = await readHeartSplit();
  const texts = await Promise.all(HEART_HOSPITALS.map(({ key }) => readFile(files[key], 'utf8')));
  const patients = byHospital(({ key }) => {
    const rows = (texts[HEART_HOSPITALS.findIndex((hospital) => hospital.key === key)] as string).split('\n');
    return linesOf(split[key][lines]).map((line) => patient(line, (rows[line - 1] as string).split(','), study));
  });
  return HEART_HOSPITALS.map(({ key }) => patients[key]);
}

function patient(line: number, values: readonly string[], { columns, label }: Columns): Patient {
  const value = (column: string) => Number(values[HEART_COLUMNS.indexOf(column as (typeof HEART_COLUMNS)[number])]);
  const features = Float64Array.from(
    columns.flatMap((column) => {
      const own = value(column.name);
      if (column.kind === 'number') return [(2 * (own - column.min)) / (column.max - column.min) - 1];
      return column.levels.slice(1).map((level) => (Number(level) === own ? 1 : 0));
    }),
  );
  if (features.length !== featureNames(columns).length || features.some(Number.isNaN))
    throw new Error(`line ${line} is not complete: the split names complete lines only`);
  if (label.kind !== 'binary' || !('above' in label.positive)) throw new Error('the heart study has a binary label');
  return { line, features, label: value(label.column) > label.positive.above ? 1 : 0 };
}

/** The part of each hospital's training rows that a study with this seed and training share uses. */
export function sharedOut(federation: Federation, seed: number, trainingShare: number): Federation {
  return federation.map((patients) => {
    const count = Math.max(1, Math.round(trainingShare * patients.length));
    const kept = new Set(
      patients
        .map(({ line }) => ({ line, hash: sha256Hex(`${seed}\n${line}`) }))
        .sort((a, b) => (a.hash < b.hash ? -1 : 1))
        .slice(0, count)
        .map(({ line }) => line),
    );
    return patients.filter(({ line }) => kept.has(line));
  });
}
