/** What became of a hospital's rows: counts for its own staff. Nothing in it names a patient or a value. */

/** Rows, by what they are for; `leftOut` by the protocol's training share. */
export type RowCounts = Readonly<{ train: number; validation: number; test: number; leftOut: number }>;

export type DataReport = Readonly<{
  file: string;
  /** Names of the file's columns, from left to right. */
  columns: readonly string[];
  /** Records of the file, a header not counted. */
  rowsRead: number;
  /** Records that the listed split names neither for training nor for the test; nothing in them was looked at. */
  unusedLines: number;
  used: RowCounts;
  /** Where consent applies: usable rows of patients whose consent does not allow the study. How many, and no more. */
  withoutConsent?: number;
  /** Of a binary label. */
  positives?: Readonly<{ train: number; validation: number; test: number }>;
  /** Rows dropped because a value is missing, and in how many of them each column is. */
  dropped: Readonly<{ rows: number; byColumn: Readonly<Record<string, number>> }>;
  /** Sentences for the operator: what is allowed, but worth knowing. */
  warnings: readonly string[];
}>;

/** Warnings about what was found. `batchSize`: rows in an optimiser's step. */
export function warningsOf({ used, positives }: Pick<DataReport, 'used' | 'positives'>, batchSize: number): string[] {
  const warnings: string[] = [];
  if (used.train < batchSize)
    warnings.push(`${used.train} training rows are fewer than the batch of ${batchSize}: each step takes all of them`);
  if (positives && used.train > 0 && (positives.train === 0 || positives.train === used.train))
    warnings.push(
      `all ${used.train} training rows have one class, ${positives.train === 0 ? 'negative' : 'positive'}: this hospital alone could not learn the difference`,
    );
  if (used.test === 0) warnings.push('there is no test row: this hospital adds nothing to the evaluation');
  else if (positives && (positives.test === 0 || positives.test === used.test))
    warnings.push(`all ${used.test} test rows have one class: the area under the curve is not defined here`);
  return warnings;
}
