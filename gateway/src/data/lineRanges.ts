/** Lines of a file as a topology lists them: `1,2,5-9`. */

/** Inclusive ranges in ascending order, neither overlapping nor touching. */
export class LineRanges {
  readonly #starts: readonly number[];
  readonly #ends: readonly number[];

  private constructor(ranges: readonly (readonly [number, number])[]) {
    this.#starts = ranges.map(([start]) => start);
    this.#ends = ranges.map(([, end]) => end);
  }

  /**
   * @param text single numbers and inclusive ranges from 1, separated by commas, in any order
   * @throws RangeError for line 0, a range that runs backwards, a line listed twice, and a text that is no list
   */
  static parse(text: string): LineRanges {
    const ranges = text.split(',').map(parseRange);
    ranges.sort(([a], [b]) => a - b);
    for (const [index, [start]] of ranges.entries()) {
      const before = ranges[index - 1];
      if (before && start <= before[1]) throw new RangeError(`line ${start} is listed twice`);
    }
    return new LineRanges(ranges);
  }

  has(line: number): boolean {
    let low = 0;
    let high = this.#starts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#starts[middle] as number) <= line) low = middle + 1;
      else high = middle;
    }
    return low > 0 && line <= (this.#ends[low - 1] as number);
  }

  get first(): number {
    return this.#starts[0] as number;
  }

  get last(): number {
    return this.#ends.at(-1) as number;
  }

  /** The lowest line that both list, if there is one. */
  firstShared(other: LineRanges): number | undefined {
    // The lowest shared line begins a range of one or the other.
    const candidates = [...this.#starts, ...other.#starts].filter((line) => this.has(line) && other.has(line));
    return candidates.length === 0 ? undefined : candidates.reduce((a, b) => Math.min(a, b));
  }
}

function parseRange(text: string): [number, number] {
  const match = /^\s*(\d{1,9})(?:-(\d{1,9}))?\s*$/.exec(text);
  if (!match) throw new RangeError('line numbers are single or ranges, separated by commas: 1,2,5-9');
  const start = Number(match[1]);
  const end = match[2] === undefined ? start : Number(match[2]);
  if (start < 1) throw new RangeError('lines are counted from 1');
  if (end < start) throw new RangeError(`the range ${start}-${end} runs backwards`);
  return [start, end];
}
