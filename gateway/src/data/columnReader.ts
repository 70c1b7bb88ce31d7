/** What a text in a file says about one column of a study. */
import type { CategoryColumn, FeatureColumn, LabelRule, NumberColumn } from '@consilium/domain';

/** Why a value does not fit; the row then does not either. */
export type Misfit = 'not-a-number' | 'out-of-range' | 'level-unknown';
export type Reading = 'fits' | 'missing' | Misfit;

/** Reads the texts of one column. */
export interface ColumnReader {
  readonly column: string;
  /** Encoded numbers that a value becomes. */
  readonly width: number;
  /** The declared range, where the column has one. */
  readonly range?: Readonly<{ min: number; max: number }>;
  /** Writes the encoded value from `at` on where it fits, and nothing else. */
  read(text: string, into: Float32Array, at: number): Reading;
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$/;

/** Plain decimal numbers alone: no hexadecimal, no Infinity, no decimal comma, no thousands. */
function numberOf(text: string): number | undefined {
  return NUMBER.test(text) ? Number(text) : undefined;
}

/** Whether two texts say the same: as they stand, or as numbers (`1.0` is `1`). */
function matcher(texts: readonly string[]): (text: string) => number {
  const byText = new Map(texts.map((text, index) => [text, index]));
  const byNumber = new Map<number, number>();
  for (const [index, text] of texts.entries()) {
    const value = numberOf(text);
    if (value !== undefined && !byNumber.has(value)) byNumber.set(value, index);
  }
  return (text) => {
    const index = byText.get(text);
    if (index !== undefined) return index;
    const value = numberOf(text);
    return value === undefined ? -1 : (byNumber.get(value) ?? -1);
  };
}

function missingTest(codes: readonly string[]): (text: string) => boolean {
  const indexOf = matcher(codes);
  return (text) => text === '' || indexOf(text) >= 0;
}

/** Maps `[min, max]` to `[-1, 1]`. */
function numberReader(
  column: string,
  { min, max, missing }: Pick<NumberColumn, 'min' | 'max' | 'missing'>,
): ColumnReader {
  const isMissing = missingTest(missing);
  return {
    column,
    width: 1,
    range: { min, max },
    read(text, into, at) {
      if (isMissing(text)) return 'missing';
      const value = numberOf(text);
      if (value === undefined) return 'not-a-number';
      if (value < min || value > max) return 'out-of-range';
      into[at] = (2 * (value - min)) / (max - min) - 1;
      return 'fits';
    },
  };
}

/** One number for each level but the first: 1 for the value's own level, else 0. */
function categoryReader({ name, levels, missing }: CategoryColumn): ColumnReader {
  const isMissing = missingTest(missing);
  const levelOf = matcher(levels);
  const width = levels.length - 1;
  return {
    column: name,
    width,
    read(text, into, at) {
      if (isMissing(text)) return 'missing';
      const level = levelOf(text);
      if (level < 0) return 'level-unknown';
      for (let k = 0; k < width; k += 1) into[at + k] = k + 1 === level ? 1 : 0;
      return 'fits';
    },
  };
}

/** A reader for a feature column. */
export function featureReader(column: FeatureColumn): ColumnReader {
  return column.kind === 'number' ? numberReader(column.name, column) : categoryReader(column);
}

/** A reader for the label: 1 where a binary rule holds, else 0; a numeric label mapped to [-1, 1]. */
export function labelReader(rule: LabelRule): ColumnReader {
  if (rule.kind === 'number') return numberReader(rule.column, rule);
  const isMissing = missingTest(rule.missing);
  const { positive } = rule;
  if ('above' in positive) {
    return {
      column: rule.column,
      width: 1,
      read(text, into, at) {
        if (isMissing(text)) return 'missing';
        const value = numberOf(text);
        if (value === undefined) return 'not-a-number';
        into[at] = value > positive.above ? 1 : 0;
        return 'fits';
      },
    };
  }
  const indexOf = matcher([positive.equals]);
  return {
    column: rule.column,
    width: 1,
    read(text, into, at) {
      if (isMissing(text)) return 'missing';
      into[at] = indexOf(text) === 0 ? 1 : 0;
      return 'fits';
    },
  };
}
