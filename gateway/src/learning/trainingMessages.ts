/** What a gateway and its training processes say to each other, over Node's IPC with structured cloning. */
import type { ErrorCode, StudyProtocol } from '@consilium/domain';
import type { VectorTask, VersionInHand } from '../agent/ports.js';
import type { AloneResult, AloneTraining } from './aloneTraining.js';
import type { EngineName, EngineUsed } from './engines/engine.js';
import type { PredictedRow } from './predictions.js';
import type { TrainingRows } from './trainingRows.js';
import type { HospitalVector } from './vectorMaking.js';

/** Each request and its answer. `start` comes first and once. */
export type TrainingWork = {
  start: {
    request: Readonly<{
      protocol: StudyProtocol;
      rows: TrainingRows;
      /** In the order in which they are tried. */
      engines: readonly EngineName[];
      residentMiBMax: number;
    }>;
    result: Readonly<{ engine: EngineUsed; notice?: string }>;
  };
  /** Whom it may use is decided by the rows that the process was started with. */
  vector: {
    request: Omit<VectorTask, 'study' | 'protocol' | 'selection'> & {
      /** In a private study: the patients that this hospital declared. */
      declaredPatients: number | undefined;
    };
    result: HospitalVector;
  };
  predictions: { request: Readonly<{ version: VersionInHand }>; result: readonly PredictedRow[] };
  alone: { request: Readonly<{ training: AloneTraining }>; result: Omit<AloneResult, 'engine'> };
};
export type WorkKind = keyof TrainingWork;

export type TrainingRequest = {
  [Kind in WorkKind]: Readonly<{ id: number; kind: Kind; request: TrainingWork[Kind]['request'] }>;
}[WorkKind];

export type TrainingReply =
  | Readonly<{ id: number; kind: 'progress'; step: number }>
  | Readonly<{ id: number; kind: 'done'; result: unknown }>
  | Readonly<{ id: number; kind: 'failed'; code: ErrorCode; detail: string }>;
