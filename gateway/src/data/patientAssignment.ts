/** What each patient's rows are for: decided by hashes or listed lines, never by what the rows hold. */
import { type Digest, refusal, type StudyProtocol, sha256Hex } from '@consilium/domain';
import type { CsvSource } from './csvRecords.js';
import { LineRanges } from './lineRanges.js';

/** The same as learning's: see `TrainingRows` there. */
export type RowSet = 'train' | 'validation' | 'test';

/** A usable row, as far as its purpose depends on it. */
export type AssignedRow = Readonly<{ line: number; patient: string }>;

/** The lines that a source lists for training and for the test. */
export type ListedSplit = Readonly<{ train: LineRanges; test: LineRanges }>;

/**
 * The source's listed lines, where the study wants listed ones.
 * @throws ConsiliumError DATA_SPLIT_INVALID where the source lists none, or lists a line for both
 */
export function listedSplit(source: CsvSource, protocol: Pick<StudyProtocol, 'split'>): ListedSplit | undefined {
  if (protocol.split.kind !== 'listed') return undefined;
  const invalid = (problem: string) => refusal('DATA_SPLIT_INVALID', { file: source.file, problem });
  if (!source.split)
    throw invalid('the study wants listed lines: name "trainLines" and "testLines" in the configuration');
  const parse = (name: 'trainLines' | 'testLines', text: string): LineRanges => {
    try {
      return LineRanges.parse(text);
    } catch (error) {
      throw error instanceof RangeError ? invalid(`${name}: ${error.message}`) : error;
    }
  };
  const split = {
    train: parse('trainLines', source.split.trainLines),
    test: parse('testLines', source.split.testLines),
  };
  const shared = split.train.firstShared(split.test);
  if (shared !== undefined) throw invalid(`line ${shared} is listed for training and for the test`);
  return split;
}

/**
 * What each row is for; undefined where the protocol's training share leaves it out. All rows of a patient are for the
 * same.
 *
 * @throws ConsiliumError DATA_SPLIT_INVALID where the listed lines put one patient into training and test
 */
export function assignRows(
  rows: readonly AssignedRow[],
  protocol: Pick<StudyProtocol, 'split' | 'seed' | 'trainingShare' | 'validationShare'>,
  listed: ListedSplit | undefined,
  file: string,
): (RowSet | undefined)[] {
  const { seed } = protocol;
  const test = listed ? listedTest(rows, listed, file) : hashedTest(rows, protocol.split);
  const remaining = distinct(rows.map(({ patient }) => patient).filter((patient) => !test.has(patient)));
  const kept = lowest(remaining, protocol.trainingShare, [String(seed)], 1);
  // Its own prefix: the order that chose the training share must not choose the validation rows as well.
  const validation = new Set(lowest(kept, protocol.validationShare, ['validation', String(seed)], 0));
  const used = new Set(kept);
  return rows.map(({ patient }) => {
    if (test.has(patient)) return 'test';
    if (validation.has(patient)) return 'validation';
    return used.has(patient) ? 'train' : undefined;
  });
}

function listedTest(rows: readonly AssignedRow[], { train, test }: ListedSplit, file: string): Set<string> {
  const trainLines = new Map<string, number>();
  for (const { line, patient } of rows) if (train.has(line) && !trainLines.has(patient)) trainLines.set(patient, line);
  const patients = new Set<string>();
  for (const { line, patient } of rows) {
    if (!test.has(line)) continue;
    const other = trainLines.get(patient);
    if (other !== undefined)
      throw refusal('DATA_SPLIT_INVALID', {
        file,
        problem: `the patient of line ${other} (training) is that of line ${line} (test)`,
      });
    patients.add(patient);
  }
  return patients;
}

function hashedTest(rows: readonly AssignedRow[], split: StudyProtocol['split']): Set<string> {
  if (split.kind !== 'hash') return new Set();
  return new Set(lowest(distinct(rows.map(({ patient }) => patient)), split.testShare, [String(split.seed)], 0));
}

/**
 * The max(least, round(share * patients)) patients whose SHA-256(prefix ‖ patient) is lowest, the parts joined by line
 * feeds: a larger share holds a smaller one, and which patients they are depends on nothing but their names.
 */
function lowest(patients: readonly string[], share: number, prefix: readonly string[], least: number): string[] {
  const count = Math.max(least, Math.round(share * patients.length));
  if (count >= patients.length) return [...patients];
  if (count === 0) return [];
  return patients
    .map((patient): { patient: string; hash: Digest } => ({
      patient,
      hash: sha256Hex([...prefix, patient].join('\n')),
    }))
    .sort((a, b) => (a.hash < b.hash ? -1 : 1))
    .slice(0, count)
    .map(({ patient }) => patient);
}

function distinct(patients: readonly string[]): string[] {
  return [...new Set(patients)];
}
