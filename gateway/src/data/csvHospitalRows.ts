/** A hospital's rows of a study, out of its CSV file. */
import { refusal, type StudyProtocol } from '@consilium/domain';
import { headerOf, positionsOf } from './columnPositions.js';
import { type CsvSource, csvRecords } from './csvRecords.js';
import { type DataReport, warningsOf } from './dataReport.js';
import { ROWS_MAX } from './limits.js';
import { assignRows, type ListedSplit, listedSplit, type RowSet } from './patientAssignment.js';
import { type CollectedRows, RowCollector } from './rowCollector.js';

/** The same shape as learning's `TrainingRows`, which says what each field is. */
export type HospitalRows = Readonly<{
  featureCount: number;
  features: Float32Array;
  labels: Float32Array;
  sets: readonly RowSet[];
  patientKeys: readonly string[];
  lines: readonly number[];
}>;

export type ReadOptions = Readonly<{
  /** How errors call the study; absent: by its title. */
  study?: string;
  signal?: AbortSignal;
  /** The only patients whose rows are handed out, by the source's patient column; absent: consent does not apply. */
  select?: ReadonlySet<string>;
}>;

/**
 * Reads the file anew for each call, so that what a study sees is what the file says then.
 *
 * @example
 * const source = new CsvHospitalRows({ file: '/srv/heart.csv' });
 * const { rows, report } = await source.read(protocol, { study: 'heart' });
 */
export class CsvHospitalRows {
  readonly #source: CsvSource;

  constructor(source: CsvSource) {
    this.#source = source;
  }

  /**
   * Encodes, drops, splits. Rows stand in the order of the file. A row with a missing value is dropped and counted; a
   * row that does not fit the protocol's columns refuses the whole file, which is then not the one the study is about.
   * With a listed split, lines that it does not name are not looked at.
   *
   * What a patient's rows are for is decided among all patients of the file before the selection is looked at: whoever
   * withdraws moves nobody else from the test into training.
   *
   * @throws ConsiliumError DATA_FILE_MISSING, DATA_EMPTY, DATA_DELIMITER_WRONG, DATA_COLUMN_UNKNOWN, DATA_ROW_WIDTH,
   *   DATA_NOT_A_NUMBER, DATA_OUT_OF_RANGE, DATA_LEVEL_UNKNOWN, DATA_SPLIT_INVALID, DATA_TOO_LARGE,
   *   DATA_NO_USABLE_ROW; with a selection CONSENT_PATIENT_COLUMN_MISSING. They name lines and columns, never values.
   */
  async read(protocol: StudyProtocol, options: ReadOptions = {}): Promise<{ rows: HospitalRows; report: DataReport }> {
    const { file } = this.#source;
    const { select } = options;
    if (select) this.#requirePatientColumn();
    const { table, found, sets: assigned } = await this.#assigned(protocol, options);
    const sets = select
      ? assigned.map((set, row) => (select.has(found.patients[row] as string) ? set : null))
      : assigned;
    const withoutConsent = sets.filter((set, row) => set === null && assigned[row] !== undefined).length;
    if (!sets.includes('train'))
      throw refusal('DATA_SPLIT_INVALID', {
        file,
        problem: `no usable row is left for training: ${droppedWords(table.collector.dropped)} were dropped${
          select ? `, ${withoutConsent} are without consent` : ''
        }`,
      });
    const rows = selected(found, sets);
    return { rows, report: reportOf(protocol, file, table, rows, sets, select && withoutConsent) };
  }

  /**
   * The patients whose rows the study would use, each with what they are for.
   * @throws ConsiliumError as `read` does, and CONSENT_PATIENT_COLUMN_MISSING
   */
  async patients(protocol: StudyProtocol, signal?: AbortSignal): Promise<Map<string, RowSet>> {
    this.#requirePatientColumn();
    const { found, sets } = await this.#assigned(protocol, signal ? { signal } : {});
    const patients = new Map<string, RowSet>();
    for (const [row, set] of sets.entries()) if (set) patients.set(found.patients[row] as string, set);
    return patients;
  }

  /** A line number names no patient. */
  #requirePatientColumn(): void {
    const { file, patientColumn } = this.#source;
    if (patientColumn === undefined) throw refusal('CONSENT_PATIENT_COLUMN_MISSING', { file });
  }

  /** All usable rows, and what each is for: undefined where the training share leaves it out. */
  async #assigned(
    protocol: StudyProtocol,
    options: ReadOptions,
  ): Promise<{ table: Table; found: CollectedRows; sets: (RowSet | undefined)[] }> {
    const { file } = this.#source;
    const listed = listedSplit(this.#source, protocol);
    const table = await this.#collect(protocol, listed, options.signal);
    const found = table.collector.finish();
    if (found.lines.length === 0)
      throw refusal('DATA_NO_USABLE_ROW', {
        file,
        study: options.study ?? protocol.title,
        dropped: droppedWords(table.collector.dropped),
      });
    const rows = found.lines.map((line, row) => ({ line, patient: found.patients[row] as string }));
    return { table, found, sets: assignRows(rows, protocol, listed, file) };
  }

  async #collect(
    protocol: StudyProtocol,
    listed: ListedSplit | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Table> {
    const { file, patientColumn } = this.#source;
    let collector: RowCollector | undefined;
    let columns: readonly string[] = [];
    let rowsRead = 0;
    let unusedLines = 0;
    let headerLine = 0;
    let lastLine = 0;
    for await (const record of csvRecords(this.#source, signal)) {
      if (!collector) {
        const header = headerOf(this.#source, record);
        columns = header.names;
        const locate = (wanted: readonly string[]) => positionsOf(this.#source, header, wanted);
        collector = new RowCollector(protocol, { file, width: columns.length, patientColumn, locate });
        if (header.isRecord) {
          headerLine = record.line;
          continue;
        }
      }
      lastLine = record.line;
      rowsRead += 1;
      if (rowsRead > ROWS_MAX)
        throw refusal('DATA_TOO_LARGE', { file, found: `more than ${ROWS_MAX} rows`, max: `${ROWS_MAX}` });
      if (listed && !listed.train.has(record.line) && !listed.test.has(record.line)) unusedLines += 1;
      else collector.add(record);
    }
    if (!collector || rowsRead === 0) throw refusal('DATA_EMPTY', { file });
    if (listed) checkListed(listed, file, headerLine, lastLine);
    return { collector, columns, rowsRead, unusedLines };
  }
}

type Table = Readonly<{ collector: RowCollector; columns: readonly string[]; rowsRead: number; unusedLines: number }>;

/** A list that was made for another file would otherwise pick other patients without a word. */
function checkListed({ train, test }: ListedSplit, file: string, headerLine: number, lastLine: number): void {
  const beyond = Math.max(train.last, test.last);
  if (beyond > lastLine)
    throw refusal('DATA_SPLIT_INVALID', {
      file,
      problem: `line ${beyond} is listed, the last row is line ${lastLine}`,
    });
  if (headerLine > 0 && Math.min(train.first, test.first) <= headerLine)
    throw refusal('DATA_SPLIT_INVALID', { file, problem: `line ${headerLine} is listed, it names the columns` });
}

/** What a usable row is for: null where its patient is not selected, undefined where the training share leaves it out. */
type RowUse = RowSet | null | undefined;

function selected(found: CollectedRows, sets: readonly RowUse[]): HospitalRows {
  const kept = sets.flatMap((set, row) => (set ? [row] : []));
  const { featureCount } = found;
  const features = new Float32Array(kept.length * featureCount);
  for (const [index, row] of kept.entries())
    features.set(found.features.subarray(row * featureCount, (row + 1) * featureCount), index * featureCount);
  return {
    featureCount,
    features,
    labels: Float32Array.from(kept, (row) => found.labels[row] as number),
    sets: kept.map((row) => sets[row] as RowSet),
    patientKeys: kept.map((row) => found.patients[row] as string),
    lines: kept.map((row) => found.lines[row] as number),
  };
}

function reportOf(
  protocol: StudyProtocol,
  file: string,
  table: Table,
  rows: HospitalRows,
  sets: readonly RowUse[],
  withoutConsent: number | undefined,
): DataReport {
  const rowsFor = (set: RowSet) => rows.sets.filter((own) => own === set).length;
  const positivesFor = (set: RowSet) => rows.sets.filter((own, row) => own === set && rows.labels[row] === 1).length;
  const used = {
    train: rowsFor('train'),
    validation: rowsFor('validation'),
    test: rowsFor('test'),
    leftOut: sets.filter((set) => set === undefined).length,
  };
  const counts =
    protocol.label.kind === 'binary'
      ? {
          used,
          positives: {
            train: positivesFor('train'),
            validation: positivesFor('validation'),
            test: positivesFor('test'),
          },
        }
      : { used };
  return {
    file,
    columns: table.columns,
    rowsRead: table.rowsRead,
    unusedLines: table.unusedLines,
    ...(withoutConsent === undefined ? {} : { withoutConsent }),
    ...counts,
    dropped: table.collector.dropped,
    warnings: warningsOf(counts, protocol.training.batchSize),
  };
}

/** `12 rows (chol missing in 9, fbs missing in 5)`. */
function droppedWords({ rows, byColumn }: DataReport['dropped']): string {
  const columns = Object.entries(byColumn)
    .sort(([, a], [, b]) => b - a)
    .map(([column, count]) => `${column} missing in ${count}`);
  return `${rows} ${rows === 1 ? 'row' : 'rows'}${columns.length === 0 ? '' : ` (${columns.join(', ')})`}`;
}
