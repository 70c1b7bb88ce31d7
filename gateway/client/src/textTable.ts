/** A table for a terminal: the first column left, the others right, a rule under the head. */
export function textTable(head: readonly string[], rows: readonly (readonly string[] | 'rule')[]): string {
  const widths = head.map((title, k) =>
    Math.max(title.length, ...rows.map((row) => (row === 'rule' ? 0 : (row[k] ?? '').length))),
  );
  const line = (cells: readonly string[]) =>
    widths
      .map((width, k) => (k === 0 ? (cells[k] ?? '').padEnd(width) : (cells[k] ?? '').padStart(width)))
      .join('  ')
      .trimEnd();
  const rule = widths.map((width) => '-'.repeat(width)).join('  ');
  return [line(head), rule, ...rows.map((row) => (row === 'rule' ? rule : line(row)))].join('\n');
}

/** A share as a percentage with one decimal; a dash where it is undefined. */
export function percent(value: number | null): string {
  return value === null ? '-' : `${(100 * value).toFixed(1)} %`;
}

/** A figure with three decimals; a dash where it is undefined. */
export function decimals(value: number | null): string {
  return value === null ? '-' : value.toFixed(3);
}
