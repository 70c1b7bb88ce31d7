/** Which columns of a hospital's table a study reads, what may stand in them, and what is predicted. */
import { z } from 'zod';
import { CATEGORY_LEVELS_MAX, FEATURE_COLUMNS_MAX } from './limits.js';

const ColumnName = z.string().min(1).max(100);

/** A number with its unit and range. Outside the range a row does not fit; the range also maps it to [-1, 1]. */
export const NumberColumn = z
  .strictObject({
    kind: z.literal('number'),
    name: ColumnName,
    unit: z.string().max(40).optional(),
    min: z.number(),
    max: z.number(),
    /** Texts that mean "not known", besides the empty one. */
    missing: z.array(z.string().max(40)).max(20).default([]),
  })
  .refine((column) => column.min < column.max, { error: 'min must be below max' });
export type NumberColumn = z.infer<typeof NumberColumn>;

/** A category, one-hot coded with the first level dropped. Numbers in a file match levels by value: `1.0` is level `1`. */
export const CategoryColumn = z
  .strictObject({
    kind: z.literal('category'),
    name: ColumnName,
    levels: z.array(z.string().min(1).max(100)).min(2).max(CATEGORY_LEVELS_MAX),
    missing: z.array(z.string().max(40)).max(20).default([]),
  })
  .refine((column) => new Set(column.levels).size === column.levels.length, { error: 'levels must differ' });
export type CategoryColumn = z.infer<typeof CategoryColumn>;

export const FeatureColumn = z.discriminatedUnion('kind', [NumberColumn, CategoryColumn]);
export type FeatureColumn = z.infer<typeof FeatureColumn>;
export const FeatureColumns = z.array(FeatureColumn).min(1).max(FEATURE_COLUMNS_MAX);

/** What is predicted. `binary`: 1 where the rule holds. `number`: the value itself, mapped to [-1, 1] by its range. */
export const LabelRule = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('binary'),
    column: ColumnName,
    positive: z.union([z.strictObject({ equals: z.string().max(100) }), z.strictObject({ above: z.number() })]),
    missing: z.array(z.string().max(40)).max(20).default([]),
  }),
  z.strictObject({
    kind: z.literal('number'),
    column: ColumnName,
    unit: z.string().max(40).optional(),
    min: z.number(),
    max: z.number(),
    missing: z.array(z.string().max(40)).max(20).default([]),
  }),
]);
export type LabelRule = z.infer<typeof LabelRule>;

/** Names of the encoded features, in order: a number's own name, a category's as `name=level` for each level but the first. */
export function featureNames(columns: readonly FeatureColumn[]): string[] {
  return columns.flatMap((column) =>
    column.kind === 'number' ? [column.name] : column.levels.slice(1).map((level) => `${column.name}=${level}`),
  );
}
