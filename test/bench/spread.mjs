/** Minimum, median, mean and maximum of several measurements. */
function spread(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const median = sorted.length % 2 === 1 ? sorted[Math.floor(middle)] : (sorted[middle - 1] + sorted[middle]) / 2;
  const mean = sorted.reduce((sum, value) => sum + value, 0) / sorted.length;
  return { min: sorted[0], median, mean, max: sorted.at(-1), runs: sorted.length };
}

/**
 * One line of the bench: what was measured, its spread, and the bound it is held against.
 * @param direction `at most` or `at least`: which side of the bound is good
 * @param judged which of min, median, mean, max is held against the bound
 */
export function figure(name, unit, values, { direction, bound, judged = 'median', source = '' } = {}) {
  const { min, median, mean, max, runs } = spread(values);
  const value = { min, median, mean, max }[judged];
  const met = bound === undefined ? null : direction === 'at most' ? value <= bound : value >= bound;
  return {
    name,
    unit,
    min,
    median,
    mean,
    max,
    runs,
    judged,
    ...(bound === undefined ? {} : { direction, bound, met }),
    source,
  };
}

/** The lines of a bench as a table for the terminal. */
export function figureTable(figures) {
  const number = (value) => (Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3));
  const rows = figures.map((line) => [
    line.name,
    line.unit,
    number(line.min),
    number(line.median),
    number(line.max),
    String(line.runs),
    line.bound === undefined
      ? ''
      : `${line.direction} ${line.bound}${line.judged === 'median' ? '' : ` (${line.judged})`}`,
    line.met === undefined ? '' : line.met ? 'met' : 'MISSED',
    line.source,
  ]);
  const head = ['figure', 'unit', 'min', 'median', 'max', 'n', 'bound', '', ''];
  const widths = head.map((title, k) => Math.max(title.length, ...rows.map((row) => row[k].length)));
  return [head, ...rows]
    .map((row) =>
      row
        .map((cell, k) => (k < 2 || k > 5 ? cell.padEnd(widths[k]) : cell.padStart(widths[k])))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
