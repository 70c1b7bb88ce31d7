/** What a version says of this hospital's test rows, for its own staff: it leaves the hospital by no other way. */
import type { StudyProtocol } from '@consilium/domain';
import type { VersionInHand } from '../agent/ports.js';
import type { EngineUsed } from './engines/engine.js';
import type { HospitalModel } from './hospitalModel.js';
import { releasedValues, wholeVersion } from './personalTensors.js';
import type { Scored } from './scoring.js';

export type PredictedRow = Readonly<{
  /** Line of the source, from 1. */
  line: number;
  /** Probability of a positive, or the predicted value in the label's own unit. */
  score: number;
  /** 0 or 1, or the value in the label's own unit. */
  label: number;
}>;

export type Predictions = Readonly<{ engine: EngineUsed; rows: readonly PredictedRow[] }>;

/** Of what would be released: the mean of versions, where the protocol says `averageFrom`. */
export function predictTestRows(model: HospitalModel, version: VersionInHand): PredictedRow[] {
  const whole = wholeVersion(model.protocol, version);
  return predictedRows(model, model.score(releasedValues(model.protocol, whole), whole.content, model.testRows));
}

export function predictedRows(model: HospitalModel, { rows, scores, labels }: Scored): PredictedRow[] {
  return rows.map((row, k) => ({
    line: model.rows.lines[row] as number,
    score: inUnits(model.protocol.label, scores[k] as number),
    label: inUnits(model.protocol.label, labels[k] as number),
  }));
}

function inUnits(label: StudyProtocol['label'], value: number): number {
  return label.kind === 'binary' ? value : label.min + ((value + 1) / 2) * (label.max - label.min);
}
