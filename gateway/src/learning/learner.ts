/** Training and evaluation for the agent and for the hospital's staff, in processes of their own: one for each study. */
import { fileURLToPath } from 'node:url';
import { canonicalDigest, type Msp, refusal, type StudyProtocol } from '@consilium/domain';
import type { Learner, Log, VectorTask, VersionInHand } from '../agent/ports.js';
import type { AloneResult, AloneTraining } from './aloneTraining.js';
import type { EngineUsed } from './engines/engine.js';
import type { EngineSetting } from './engines/engineChoice.js';
import type { Predictions } from './predictions.js';
import { StudyTraining, type StudyTrainingOptions } from './studyTraining.js';
import type { RowSource, SelectedPatients } from './trainingRows.js';
import type { HospitalVector } from './vectorMaking.js';

/** Training processes at one time. */
export const PROCESSES_MAX = 4;
export const RESIDENT_MIB_MAX = 8_192;
const PREDICTIONS_MS_MAX = 600_000;
const ALONE_MS_MAX = 3_600_000;

export type TrainingProgress = Readonly<{ study: string; round: number | 'alone'; step: number; steps: number }>;

export type LearnerOptions = Readonly<{
  /** The hospital that trains. */
  msp: Msp;
  /** Asked whenever a training process starts. */
  rows: RowSource;
  /** The gateway's setting; a protocol that pins an engine goes first. */
  engine: EngineSetting;
  log: Log;
  onProgress?: (progress: TrainingProgress) => void;
  /** All that a training process sees of the environment, besides what is set for the engine. */
  environment?: Readonly<Record<string, string>>;
  /** Memory at which a training process gives up, in MiB. */
  residentMiBMax?: number;
  /** The built entry of a training process. */
  processFile?: string;
}>;

/** A vector with the engine that it was made with. */
export type VectorByEngine = HospitalVector & Readonly<{ engine: EngineUsed }>;

/** Work for the hospital's own people. */
export type OwnWork = Readonly<{
  study: string;
  protocol: StudyProtocol;
  /** Where consent applies: the only patients whose rows are used. */
  selection?: SelectedPatients | undefined;
}>;

/**
 * ```ts
 * const learner = new TrainingLearner({ msp, rows, engine: 'auto', log });
 * const { vector, personal } = await learner.makeVector(task, signal);
 * learner.close();
 * ```
 */
export class TrainingLearner implements Learner {
  readonly #options: StudyTrainingOptions;
  readonly #msp: Msp;
  readonly #onProgress: LearnerOptions['onProgress'];
  readonly #studies = new Map<string, StudyTraining>();
  readonly #told = new Set<string>();

  constructor({ msp, onProgress, environment, residentMiBMax, processFile, ...options }: LearnerOptions) {
    this.#msp = msp;
    this.#onProgress = onProgress;
    this.#options = {
      ...options,
      environment: environment ?? {},
      residentMiBMax: residentMiBMax ?? RESIDENT_MIB_MAX,
      processFile: processFile ?? fileURLToPath(new URL('./trainingProcess.js', import.meta.url)),
    };
  }

  /**
   * Bounded by the protocol's time for contributing. An abort ends the training process at once.
   * @throws ConsiliumError DATA_…, ENGINE_UNAVAILABLE, PROTOCOL_MODEL_INVALID, VERSION_FILE_INVALID, TRAINING_NOT_FINITE,
   *   TRAINING_FAILED, UPDATE_OVERFLOWS; the signal's reason
   */
  async makeVector({ study, protocol, selection, ...task }: VectorTask, signal?: AbortSignal): Promise<VectorByEngine> {
    const { steps } = protocol.training;
    const training = this.#training(study, protocol);
    const made = await training.perform(
      'vector',
      { ...task, declaredPatients: protocol.privacy?.declaredPatients[this.#msp] },
      {
        timeMsMax: protocol.deadlines.contributeMs,
        signal,
        onProgress: (step) => this.#onProgress?.({ study, round: task.round, step, steps }),
      },
      selection,
    );
    this.#tell(study, made.notices);
    return { ...made, engine: training.engine as EngineUsed };
  }

  /** What a version says of this hospital's test rows. For its own staff only. */
  async predictions(
    { study, protocol, version, selection }: OwnWork & Readonly<{ version: VersionInHand }>,
    signal?: AbortSignal,
  ): Promise<Predictions> {
    const training = this.#training(study, protocol);
    const bounds = { timeMsMax: PREDICTIONS_MS_MAX, signal };
    const rows = await training.perform('predictions', { version }, bounds, selection);
    return { engine: training.engine as EngineUsed, rows };
  }

  /** What this hospital reaches without the others. */
  async trainAlone(
    { study, protocol, training: own, selection }: OwnWork & Readonly<{ training: AloneTraining }>,
    signal?: AbortSignal,
  ): Promise<AloneResult> {
    const training = this.#training(study, protocol);
    const result = await training.perform(
      'alone',
      { training: own },
      {
        timeMsMax: ALONE_MS_MAX,
        signal,
        onProgress: (step) => this.#onProgress?.({ study, round: 'alone', step, steps: own.steps }),
      },
      selection,
    );
    return { ...result, engine: training.engine as EngineUsed };
  }

  /**
   * Ends processes that hold rows of selected patients and do nothing: somebody's consent became less, and whose rows they
   * hold is not asked. Those at work are ended by their own signals.
   */
  releaseSelections(): void {
    for (const training of this.#studies.values()) if (training.holdsIdleSelection) training.close();
  }

  /** Ends all training processes; work that is going on fails with TRAINING_FAILED. */
  close(): void {
    for (const training of this.#studies.values()) training.stop();
    this.#studies.clear();
  }

  #training(study: string, protocol: StudyProtocol): StudyTraining {
    const key = `${study} ${canonicalDigest(protocol)}`;
    const known = this.#studies.get(key);
    if (known?.hasProcess || known?.isBusy) return known;
    this.#makeRoom();
    const training = known ?? new StudyTraining(study, protocol, this.#options);
    this.#studies.set(key, training);
    return training;
  }

  #makeRoom(): void {
    const running = [...this.#studies.values()].filter((training) => training.hasProcess || training.isBusy);
    if (running.length < PROCESSES_MAX) return;
    const idle = running.find((training) => !training.isBusy);
    if (!idle) throw refusal('TRAINING_FAILED', { reason: `${PROCESSES_MAX} training processes are at work already` });
    idle.close();
  }

  /** Each notice of a study is logged once. */
  #tell(study: string, notices: readonly string[]): void {
    for (const notice of notices) {
      const key = `${study} ${notice}`;
      if (this.#told.has(key)) continue;
      this.#told.add(key);
      this.#options.log.warn({ study }, notice);
    }
  }
}
