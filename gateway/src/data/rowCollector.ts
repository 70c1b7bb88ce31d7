/** Encodes the rows of a table one after another, and remembers which did not fit. */
import { ConsiliumError, refusal, type StudyProtocol } from '@consilium/domain';
import { type ColumnReader, featureReader, labelReader, type Misfit } from './columnReader.js';
import type { CsvRecord } from './csvRecords.js';
import { ENCODED_VALUES_MAX } from './limits.js';

const ROWS_AT_FIRST = 256;

type Problem = Readonly<{ line: number }> &
  (Readonly<{ kind: 'width'; found: number }> | Readonly<{ kind: Misfit; reader: ColumnReader }>);

/** Usable rows so far, encoded. */
export type CollectedRows = Readonly<{
  featureCount: number;
  /** `[rows, features]`. */
  features: Float32Array;
  /** `[rows]`. */
  labels: Float32Array;
  lines: readonly number[];
  patients: readonly string[];
}>;

export class RowCollector {
  readonly #file: string;
  readonly #width: number;
  readonly #readers: readonly ColumnReader[];
  readonly #label: ColumnReader;
  readonly #featureCount: number;
  /** Feature columns in the protocol's order, the label, and the patient where the source has that column. */
  readonly #positions: readonly number[];
  readonly #patientColumn: string | undefined;
  #features: Float32Array;
  #labels: Float32Array;
  readonly #lines: number[] = [];
  readonly #patients: string[] = [];
  readonly #missing = new Map<string, number>();
  #dropped = 0;
  #first: Problem | undefined;
  #misfits = 0;

  /** @param locate positions of named columns in a record of `width` values */
  constructor(
    protocol: Pick<StudyProtocol, 'columns' | 'label'>,
    table: Readonly<{
      file: string;
      width: number;
      patientColumn: string | undefined;
      locate: (columns: readonly string[]) => number[];
    }>,
  ) {
    this.#file = table.file;
    this.#width = table.width;
    this.#readers = protocol.columns.map(featureReader);
    this.#label = labelReader(protocol.label);
    this.#featureCount = this.#readers.reduce((sum, { width }) => sum + width, 0);
    this.#patientColumn = table.patientColumn;
    const named = [...this.#readers, this.#label].map(({ column }) => column);
    this.#positions = table.locate(this.#patientColumn === undefined ? named : [...named, this.#patientColumn]);
    this.#features = new Float32Array(ROWS_AT_FIRST * this.#featureCount);
    this.#labels = new Float32Array(ROWS_AT_FIRST);
  }

  /**
   * Takes a record in, drops it, or notes that it does not fit. A value that does not fit counts even where another
   * one of its row is missing: it says that the file is not what the protocol was written for.
   *
   * @throws ConsiliumError DATA_TOO_LARGE
   */
  add(record: CsvRecord): void {
    const { line, values } = record;
    this.#makeRoom(this.#lines.length);
    const missing = new Set<string>();
    const problem = this.#encode(record, missing);
    const patient = this.#patientColumn === undefined ? String(line) : (this.#text(values, -1) ?? '');
    if (patient === '' && this.#patientColumn !== undefined) missing.add(this.#patientColumn);
    if (problem) {
      this.#first ??= problem;
      this.#misfits += 1;
    } else if (missing.size > 0) {
      this.#dropped += 1;
      for (const column of missing) this.#missing.set(column, (this.#missing.get(column) ?? 0) + 1);
    } else {
      this.#lines.push(line);
      this.#patients.push(patient);
    }
  }

  /** Writes the record's numbers behind the rows taken in so far, and names the columns that miss a value. */
  #encode({ line, values }: CsvRecord, missing: Set<string>): Problem | undefined {
    if (values.length !== this.#width) return { line, kind: 'width', found: values.length };
    const row = this.#lines.length;
    let at = row * this.#featureCount;
    for (const [index, reader] of this.#readers.entries()) {
      const reading = reader.read(this.#text(values, index) ?? '', this.#features, at);
      if (reading === 'missing') missing.add(reader.column);
      else if (reading !== 'fits') return { line, kind: reading, reader };
      at += reader.width;
    }
    const reading = this.#label.read(this.#text(values, this.#readers.length) ?? '', this.#labels, row);
    if (reading === 'missing') missing.add(this.#label.column);
    else if (reading !== 'fits') return { line, kind: reading, reader: this.#label };
    return undefined;
  }

  get dropped(): Readonly<{ rows: number; byColumn: Readonly<Record<string, number>> }> {
    return { rows: this.#dropped, byColumn: Object.fromEntries(this.#missing) };
  }

  /**
   * @throws ConsiliumError the first row that does not fit, by line and column, with the count of the others:
   *   DATA_ROW_WIDTH, DATA_NOT_A_NUMBER, DATA_OUT_OF_RANGE, DATA_LEVEL_UNKNOWN
   */
  finish(): CollectedRows {
    if (this.#first) throw this.#refusal(this.#first);
    const rows = this.#lines.length;
    return {
      featureCount: this.#featureCount,
      features: this.#features.slice(0, rows * this.#featureCount),
      labels: this.#labels.slice(0, rows),
      lines: this.#lines,
      patients: this.#patients,
    };
  }

  /** The text of the column that was located as `index`; -1 is the last one. */
  #text(values: readonly string[], index: number): string | undefined {
    return values[this.#positions.at(index) as number];
  }

  #makeRoom(row: number): void {
    if (row < this.#labels.length) return;
    const valuesMax = ENCODED_VALUES_MAX;
    if ((row + 1) * this.#featureCount > valuesMax)
      throw refusal('DATA_TOO_LARGE', {
        file: this.#file,
        found: `more than ${row} usable rows of ${this.#featureCount} features`,
        max: `${valuesMax} values`,
      });
    const capacity = Math.min(2 * this.#labels.length, Math.ceil(valuesMax / this.#featureCount));
    this.#features = grown(this.#features, capacity * this.#featureCount);
    this.#labels = grown(this.#labels, capacity);
  }

  #refusal(problem: Problem): ConsiliumError {
    const error = firstRefusal(this.#file, this.#width, problem);
    const others = this.#misfits - 1;
    if (others === 0) return error;
    return new ConsiliumError(
      error.code,
      `${error.detail}; ${others} more ${others === 1 ? 'row does' : 'rows do'} not fit either`,
    );
  }
}

function firstRefusal(file: string, width: number, problem: Problem): ConsiliumError {
  const { line } = problem;
  if (problem.kind === 'width') return refusal('DATA_ROW_WIDTH', { line, file, found: problem.found, expected: width });
  const { column, range } = problem.reader;
  if (problem.kind === 'not-a-number') return refusal('DATA_NOT_A_NUMBER', { line, file, column });
  if (problem.kind === 'level-unknown') return refusal('DATA_LEVEL_UNKNOWN', { line, file, column });
  return refusal('DATA_OUT_OF_RANGE', { line, file, column, min: range?.min ?? '', max: range?.max ?? '' });
}

function grown(values: Float32Array, length: number): Float32Array {
  const larger = new Float32Array(length);
  larger.set(values);
  return larger;
}
