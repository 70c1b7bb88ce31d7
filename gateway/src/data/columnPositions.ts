/** Where the columns that a study reads stand in a hospital's file. */
import { ConsiliumError, refusal } from '@consilium/domain';
import { type CsvRecord, type CsvSource, DELIMITER_DEFAULT } from './csvRecords.js';

/** Names shown when a column is not found: enough to see a wrong delimiter or header, few enough for one line. */
const NAMES_SHOWN_MAX = 40;

/** Names of a file's columns, and whether its first record was only that. */
export type Header = Readonly<{ names: readonly string[]; isRecord: boolean }>;

/**
 * Names of the columns: those that the source gives, else those in the file's first record, else their numbers from 1.
 *
 * @throws ConsiliumError DATA_DELIMITER_WRONG where a record is not split at all; DATA_ROW_WIDTH where more or fewer
 *   names are given than the first record has values
 */
export function headerOf(source: CsvSource, first: CsvRecord): Header {
  const { file, columns } = source;
  const isRecord = source.header ?? columns === undefined;
  // A study reads a feature and a label at least.
  if (first.values.length === 1)
    throw refusal('DATA_DELIMITER_WRONG', { file, delimiter: delimiterName(source.delimiter ?? DELIMITER_DEFAULT) });
  if (columns && columns.length !== first.values.length)
    throw refusal('DATA_ROW_WIDTH', {
      line: first.line,
      file,
      found: first.values.length,
      expected: `${columns.length} named columns`,
    });
  const names = columns ?? (isRecord ? first.values : first.values.map((_, index) => String(index + 1)));
  return { names, isRecord };
}

/**
 * The position of each wanted column, from 0.
 * @throws ConsiliumError DATA_COLUMN_UNKNOWN for a column that is absent, or there twice. Names are shown only where
 *   they come from a header: the first record of a file without one is a patient.
 */
export function positionsOf(source: CsvSource, header: Header, wanted: readonly string[]): number[] {
  const { file } = source;
  return wanted.map((column) => {
    const position = header.names.indexOf(column);
    if (position < 0) throw refusal('DATA_COLUMN_UNKNOWN', { file, column, columns: shown(header) });
    if (header.names.indexOf(column, position + 1) >= 0)
      throw new ConsiliumError('DATA_COLUMN_UNKNOWN', `${file} has two columns ${column}: rename one of them`);
    return position;
  });
}

/**
 * A file without a header that is read as if it had one would show a patient's values as names: what looks like a
 * number is not shown.
 */
function shown({ names }: Header): string {
  if (names.some((name) => /^[+-]?[\d.,]+$/.test(name)))
    return `${names.length} columns, some of them named like numbers: set "header": false and "columns" if line 1 is a row`;
  const some = names.slice(0, NAMES_SHOWN_MAX).join(', ');
  return names.length > NAMES_SHOWN_MAX ? `${some} and ${names.length - NAMES_SHOWN_MAX} more` : some;
}

function delimiterName(delimiter: string): string {
  if (delimiter === '\t') return 'tabs';
  if (delimiter === ' ') return 'spaces';
  return `'${delimiter}'`;
}
