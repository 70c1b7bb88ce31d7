/** A hospital's rows as learning reads them: numbers only, encoded and split by the data room. */
import type { StudyProtocol } from '@consilium/domain';
import type { CohortSelection } from '../agent/ports.js';

/**
 * What a row is for. Validation rows are a part of the training rows that is not trained on; where the protocol's
 * validation share is 0 there are none, and training rounds evaluate on the train rows.
 */
export type RowSet = 'train' | 'validation' | 'test';

/** Rows stand in the order of their source, so that one seed gives one order of batches. */
export type TrainingRows = Readonly<{
  /** Encoded features of a row, in the order of the domain's `featureNames`. */
  featureCount: number;
  /**
   * `[rows, features]`, row by row. A number is mapped to [-1, 1] by its declared range, a category's level is 0 or 1.
   * Nothing here is standardised.
   */
  features: Float32Array;
  /** `[rows]`: 0 or 1 for a binary label; mapped to [-1, 1] by the declared range for a numeric one. */
  labels: Float32Array;
  /** `[rows]`: what a row is for. All rows of one patient are for the same. */
  sets: readonly RowSet[];
  /** `[rows]`: equal for rows of one patient. Only counted, never sent or stored. */
  patientKeys: readonly string[];
  /** `[rows]`: the line in the source, from 1, by which the hospital's own staff finds a prediction's row. */
  lines: readonly number[];
}>;

/** Where consent applies: the only patients whose rows a training process is given. */
export type SelectedPatients = Pick<CohortSelection, 'patientsDigest' | 'patients'>;

/** Reads and encodes the rows of a study; called once for each training process. */
export type RowSource = (
  protocol: StudyProtocol,
  options?: Readonly<{ select?: ReadonlySet<string>; signal?: AbortSignal }>,
) => Promise<TrainingRows>;
