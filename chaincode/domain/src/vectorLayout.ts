/** Where what stands in the integer vector of a round: the order is the same for every hospital. */
import { SCORE_BINS_MASKED, SCORE_BINS_OPEN } from './limits.js';
import { featureNames } from './protocolColumns.js';
import { type ModelTensor, modelTensors } from './protocolModel.js';
import type { RoundKind } from './round.js';
import type { StudyProtocol } from './study.js';

/** A run of elements: from `start`, `length` of them. */
export type Slice = Readonly<{ start: number; length: number }>;

/**
 * Binary label: `loss`, `positives` and `negatives` (histograms of the score over equal bins). Numeric label: `loss`,
 * `patients`, `absoluteError`.
 */
export type EvaluationSlices = Readonly<
  | { kind: 'binary'; loss: Slice; positives: Slice; negatives: Slice }
  | { kind: 'number'; loss: Slice; patients: Slice; absoluteError: Slice }
>;

export type VectorLayout = Readonly<{
  length: number;
  /** statistics: sums of u and of u² by feature (absent unless standardised over all hospitals), rows, positives. */
  statistics?: Readonly<{ sums?: Slice; squares?: Slice; patients: Slice; positives?: Slice }>;
  /** training: each shared tensor in byte order of names, and the weight. */
  update?: Readonly<{ tensors: readonly Readonly<{ tensor: ModelTensor; slice: Slice }>[]; all: Slice; weight: Slice }>;
  /** training and evaluation: the parent's loss, then the base, on validation rows. */
  validation?: Readonly<{ parentLoss: Slice; base: EvaluationSlices }>;
  /** evaluation: base and parent on test rows. */
  test?: Readonly<{ base: EvaluationSlices; parent: EvaluationSlices }>;
}>;

/** Equal bins over scores 0 to 1: the bin of score s is min(floor(s * bins), bins - 1). */
export function scoreBins(protocol: Pick<StudyProtocol, 'mode'>): number {
  return protocol.mode === 'private' ? SCORE_BINS_MASKED : SCORE_BINS_OPEN;
}

/** Every tensor of the study's model, in byte order of names. */
export function studyTensors(protocol: StudyProtocol): ModelTensor[] {
  return modelTensors(protocol.model, featureNames(protocol.columns).length);
}

/** The tensors that hospitals share: all but the personal ones. */
export function sharedTensors(protocol: StudyProtocol): ModelTensor[] {
  return studyTensors(protocol).filter(({ name }) => !protocol.personalTensors.includes(name));
}

/** The tensors that stay in their hospital. */
export function personalTensors(protocol: StudyProtocol): ModelTensor[] {
  return studyTensors(protocol).filter(({ name }) => protocol.personalTensors.includes(name));
}

/** @throws RangeError for kind `initial`, which has no vector */
export function vectorLayout(protocol: StudyProtocol, kind: RoundKind): VectorLayout {
  const cursor = new Cursor();
  switch (kind) {
    case 'initial':
      throw new RangeError('an initial round has no vector');
    case 'statistics': {
      const features = featureNames(protocol.columns).length;
      const federated = protocol.standardisation === 'federated';
      const sums = federated ? { sums: cursor.take(features), squares: cursor.take(features) } : {};
      const patients = cursor.take(1);
      const positives = protocol.label.kind === 'binary' ? { positives: cursor.take(1) } : {};
      return { statistics: { ...sums, patients, ...positives }, length: cursor.position };
    }
    case 'training': {
      const tensors = sharedTensors(protocol).map((tensor) => ({ tensor, slice: cursor.take(tensor.elements) }));
      const all = { start: 0, length: cursor.position };
      const update = { tensors, all, weight: cursor.take(1) };
      if (protocol.metrics === 'final') return { update, length: cursor.position };
      const validation = validationSlices(protocol, cursor);
      return { update, validation, length: cursor.position };
    }
    case 'evaluation': {
      const validation = protocol.metrics === 'final' ? {} : { validation: validationSlices(protocol, cursor) };
      const test = { base: evaluationSlices(protocol, cursor), parent: evaluationSlices(protocol, cursor) };
      return { ...validation, test, length: cursor.position };
    }
  }
}

function validationSlices(protocol: StudyProtocol, cursor: Cursor): { parentLoss: Slice; base: EvaluationSlices } {
  return { parentLoss: cursor.take(1), base: evaluationSlices(protocol, cursor) };
}

function evaluationSlices(protocol: StudyProtocol, cursor: Cursor): EvaluationSlices {
  const loss = cursor.take(1);
  if (protocol.label.kind === 'number')
    return { kind: 'number', loss, patients: cursor.take(1), absoluteError: cursor.take(1) };
  const bins = scoreBins(protocol);
  return { kind: 'binary', loss, positives: cursor.take(bins), negatives: cursor.take(bins) };
}

class Cursor {
  position = 0;
  take(length: number): Slice {
    const slice = { start: this.position, length };
    this.position += length;
    return slice;
  }
}
