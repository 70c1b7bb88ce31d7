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
  return lines([columns.map(({ name }) => name)]);
}

/** Lines of a table, each with its end. */
export function csvRows<Item>(columns: readonly Column<Item>[], items: readonly Item[]): string {
  return lines(items.map((item) => columns.map(({ value }) => harmless(value(item)))));
}

export function csvTable<Item>(columns: readonly Column<Item>[], items: Iterable<Item>): string {
  return csvHead(columns) + csvRows(columns, [...items]);
}

/** Every field is quoted: whatever separates fields or records in somebody's locale stays inside. */
function lines(rows: string[][]): string {
  return stringify(rows, { quoted: true, quoted_empty: true, record_delimiter: '\r\n' });
}
