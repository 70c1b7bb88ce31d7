/** Tables as CSV (RFC 4180), safe to open in a spreadsheet. */
import { stringify } from 'csv-stringify/sync';

export type Cell = string | number | boolean | null;
export type Column<Item> = Readonly<{ name: string; value(item: Item): Cell }>;

/**
 * What a spreadsheet takes for a formula when a cell begins with it, full-width forms too; tab and line ends, because what
 * follows them may be taken for the beginning. (OWASP, CSV Injection.)
 */
const FORMULA = /^[=+\-@\t\r\n\uFF0B\uFF0D\uFF1D\uFF20]/;

/** Texts that a spreadsheet would compute get an apostrophe in front. Numbers stay numbers. */
export function harmless(cell: Cell): string {
  if (cell === null) return '';
  if (typeof cell !== 'string') return String(cell);
  return FORMULA.test(cell) ? `'${cell}` : cell;
}

/** The head of a table. */
export function csvHead<Item>(columns: readonly Column<Item>[]): string {
  return line(columns.map(({ name }) => name));
}

export function csvRow<Item>(columns: readonly Column<Item>[], item: Item): string {
  return line(columns.map(({ value }) => harmless(value(item))));
}

export function csvTable<Item>(columns: readonly Column<Item>[], items: Iterable<Item>): string {
  return [csvHead(columns), ...[...items].map((item) => csvRow(columns, item))].join('');
}

/** Every field is quoted: whatever separates fields or records in somebody's locale stays inside. */
function line(fields: readonly string[]): string {
  return stringify([[...fields]], { quoted: true, quoted_empty: true, record_delimiter: '\r\n' });
}
