/**
 * UCI's four files out of one table that holds the same 920 patients in words: `Male`, `typical angina`, `TRUE`.
 *
 * The table's own column of hospitals is not used, since it names a wrong one at row 304: its rows stand in UCI's
 * order, so their position tells the hospital. UCI wrote its four files in three ways of printing numbers.
 */
import type { HeartContents } from './heartContents.js';
import { byHospital, HEART_COLUMNS, HEART_HOSPITALS, type HeartKey } from './heartHospitals.js';

type Column = (typeof HEART_COLUMNS)[number];

/** UCI's codes for the table's words. A column that is not here holds numbers. */
const CODES: Readonly<Partial<Record<Column, Readonly<Record<string, string>>>>> = {
  sex: { Male: '1', Female: '0' },
  cp: { 'typical angina': '1', 'atypical angina': '2', 'non-anginal': '3', asymptomatic: '4' },
  fbs: { TRUE: '1', FALSE: '0' },
  restecg: { normal: '0', 'st-t abnormality': '1', 'lv hypertrophy': '2' },
  exang: { TRUE: '1', FALSE: '0' },
  slope: { upsloping: '1', flat: '2', downsloping: '3' },
  thal: { normal: '3', 'fixed defect': '6', 'reversable defect': '7' },
};

/** The table spells one of UCI's columns in its own way. */
const SPELLING: Readonly<Partial<Record<Column, string>>> = { thalach: 'thalch' };

const MISSING = '?';

/** How UCI printed a hospital's numbers. */
const PRINTING: Readonly<Record<HeartKey, (value: string, column: Column) => string>> = {
  /** `63.0`, but `num` as a whole number. */
  cleveland: (value, column) => (column === 'num' || value.includes('.') ? value : `${value}.0`),
  hungary: (value) => value,
  /** `.7` and `-.1`. */
  switzerland: (value) => value.replace(/^(-?)0\./, '$1.'),
  va: (value) => value,
};

/**
 * @param table comma-separated, with a header; no value holds a comma or a quotation mark
 * @throws Error where the table has other columns, rows or words than are known here
 */
export function heartContentsOf(table: string): HeartContents {
  const [header, ...rows] = table.split(/\r?\n/).filter((line) => line !== '');
  const positions = positionsIn((header ?? '').split(','));
  const expected = HEART_HOSPITALS.reduce((sum, hospital) => sum + hospital.rows, 0);
  if (rows.length !== expected) throw new Error(`the table has ${rows.length} rows, ${expected} are expected`);
  let next = 0;
  return byHospital(({ key, rows: count }) => {
    const own = rows.slice(next, next + count);
    next += count;
    return Buffer.from(own.map((row) => `${uciRow(row.split(','), positions, key)}\n`).join(''));
  });
}

/** One row as the hospital's file has it. */
export function uciRow(values: readonly string[], positions: ReadonlyMap<Column, number>, hospital: HeartKey): string {
  return HEART_COLUMNS.map((column) => {
    const text = values[positions.get(column) as number];
    if (text === undefined) throw new Error('a row of the table is shorter than its header');
    if (text === '') return MISSING;
    const codes = CODES[column];
    const value = codes ? codes[text] : text;
    if (value === undefined) throw new Error(`the table has a word in ${column} that is not known here`);
    return PRINTING[hospital](value, column);
  }).join(',');
}

/** Where each of UCI's columns stands in the table. */
export function positionsIn(header: readonly string[]): ReadonlyMap<Column, number> {
  return new Map(
    HEART_COLUMNS.map((column) => {
      const position = header.indexOf(SPELLING[column] ?? column);
      if (position < 0) throw new Error(`the table has no column ${column}`);
      return [column, position];
    }),
  );
}
