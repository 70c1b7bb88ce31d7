/**
 * One study's training process: started when first needed, started again after a crash, ended when idle. It holds rows of
 * one selection of patients; for another selection it is ended, and a new one started.
 */
import { type ConsiliumError, refusal, type StudyProtocol } from '@consilium/domain';
import type { Log } from '../agent/ports.js';
import type { EngineUsed } from './engines/engine.js';
import { type EngineSetting, enginesToTry } from './engines/engineChoice.js';
import { type AskOptions, TrainingChild, TrainingProcessEnded } from './trainingChild.js';
import type { TrainingWork, WorkKind } from './trainingMessages.js';
import type { RowSource, SelectedPatients } from './trainingRows.js';

/** A task is tried in this many processes before it fails. */
const PROCESSES_PER_TASK_MAX = 2;
/** From fork to the engine's first answer, rows handed over. */
const START_MS_MAX = 120_000;
const ROWS_MS_MAX = 600_000;
/** A process that nobody asked for so long is ended. */
export const PROCESS_IDLE_MS_MAX = 600_000;
const TASKS_WAITING_MAX = 16;
const STOPPING = 'this gateway is stopping';

export type StudyTrainingOptions = Readonly<{
  rows: RowSource;
  engine: EngineSetting;
  log: Log;
  processFile: string;
  environment: Readonly<Record<string, string>>;
  residentMiBMax: number;
}>;

export class StudyTraining {
  readonly #study: string;
  readonly #protocol: StudyProtocol;
  readonly #options: StudyTrainingOptions;
  /** Engines that ended the process while they were loaded. */
  readonly #broken = new Set<string>();
  #child: TrainingChild | undefined;
  /** Whose rows the process was given: a selection's digest; undefined where consent does not apply. */
  #patientsDigest: string | undefined;
  #engine: EngineUsed | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #stopped = false;
  #idle: NodeJS.Timeout | undefined;

  constructor(study: string, protocol: StudyProtocol, options: StudyTrainingOptions) {
    this.#study = study;
    this.#protocol = protocol;
    this.#options = options;
  }

  /** The engine of the process that was started last. */
  get engine(): EngineUsed | undefined {
    return this.#engine;
  }

  get isBusy(): boolean {
    return this.#waiting > 0;
  }

  get hasProcess(): boolean {
    return this.#child !== undefined && !this.#child.hasEnded;
  }

  /** Whether it holds rows that were given because patients consented, and does nothing with them at the moment. */
  get holdsIdleSelection(): boolean {
    return this.hasProcess && !this.isBusy && this.#patientsDigest !== undefined;
  }

  /**
   * Does one piece of work after those that were asked for earlier.
   * @param selection where consent applies: the only patients whose rows are used
   * @throws ConsiliumError; the signal's reason
   */
  async perform<Kind extends Exclude<WorkKind, 'start'>>(
    kind: Kind,
    request: TrainingWork[Kind]['request'],
    options: AskOptions,
    selection?: SelectedPatients,
  ): Promise<TrainingWork[Kind]['result']> {
    if (this.#waiting >= TASKS_WAITING_MAX)
      throw refusal('TRAINING_FAILED', { reason: `${TASKS_WAITING_MAX} tasks of study ${this.#study} are waiting` });
    this.#waiting++;
    clearTimeout(this.#idle);
    const turn = this.#last;
    const work = aborting(turn, options.signal).then(() => this.#tried(kind, request, options, selection));
    // Who gave up waiting does not let the next one in before the one at work is done.
    this.#last = Promise.allSettled([turn, work]);
    try {
      return await work;
    } finally {
      this.#waiting--;
      if (this.#waiting === 0) this.#idle = setTimeout(() => this.close(), PROCESS_IDLE_MS_MAX).unref();
    }
  }

  /** Ends the process for good: the task at work and those that wait fail. */
  stop(): void {
    this.#stopped = true;
    this.close();
  }

  /** Ends the process. The next task starts another one. */
  close(): void {
    clearTimeout(this.#idle);
    this.#child?.kill();
    this.#child = undefined;
  }

  async #tried<Kind extends Exclude<WorkKind, 'start'>>(
    kind: Kind,
    request: TrainingWork[Kind]['request'],
    options: AskOptions,
    selection: SelectedPatients | undefined,
  ): Promise<TrainingWork[Kind]['result']> {
    for (let attempt = 1; ; attempt++) {
      try {
        const child = await this.#running(options.signal, selection);
        return await child.ask(kind, request, options);
      } catch (error) {
        if (!(error instanceof TrainingProcessEnded)) throw error;
        if (this.#stopped) throw refusal('TRAINING_FAILED', { reason: STOPPING }, { cause: error });
        const { log } = this.#options;
        log.warn({ study: this.#study, attempt, how: error.message }, 'the training process ended');
        if (attempt === PROCESSES_PER_TASK_MAX)
          throw refusal('TRAINING_FAILED', { reason: error.message }, { cause: error });
      }
    }
  }

  async #running(signal: AbortSignal | undefined, selection: SelectedPatients | undefined): Promise<TrainingChild> {
    if (this.#stopped) throw refusal('TRAINING_FAILED', { reason: STOPPING });
    if (this.#protocol.consent && !selection) throw new RangeError('rows are read of selected patients only');
    if (this.#patientsDigest !== selection?.patientsDigest) this.close();
    if (this.#child && !this.#child.hasEnded) return this.#child;
    const engines = enginesToTry(this.#protocol, this.#options.engine).filter((name) => !this.#broken.has(name));
    if (engines.length === 0) throw this.#noEngine();
    const reading = { ...(selection ? { select: selection.patients } : {}), ...(signal ? { signal } : {}) };
    const rows = await inTime(this.#options.rows(this.#protocol, reading), ROWS_MS_MAX, signal);
    const child = new TrainingChild(this.#options.processFile, this.#options.environment);
    try {
      const { residentMiBMax } = this.#options;
      const start = { protocol: this.#protocol, rows, engines, residentMiBMax };
      const { engine, notice } = await child.ask('start', start, { timeMsMax: START_MS_MAX, signal });
      this.#engine = engine;
      const fields = { study: this.#study, engine: engine.name, version: engine.version, pid: child.pid };
      if (notice) this.#options.log.warn(fields, notice);
      else this.#options.log.info(fields, 'a training process is ready');
    } catch (error) {
      if (error instanceof TrainingProcessEnded && engines.length > 1) this.#broken.add(engines[0] as string);
      child.kill();
      throw error;
    }
    this.#child = child;
    this.#patientsDigest = selection?.patientsDigest;
    if (this.#stopped) child.kill();
    return child;
  }

  #noEngine(): ConsiliumError {
    return refusal('ENGINE_UNAVAILABLE', {
      engine: [...this.#broken].join(', '),
      reason: 'the process ends as it loads',
    });
  }
}

async function inTime<Value>(work: Promise<Value>, timeMsMax: number, signal: AbortSignal | undefined): Promise<Value> {
  const limit = AbortSignal.timeout(timeMsMax);
  try {
    return await aborting(work, signal ? AbortSignal.any([signal, limit]) : limit);
  } catch (error) {
    if (limit.aborted && !signal?.aborted)
      throw refusal('TRAINING_FAILED', { reason: `reading the rows took more than ${timeMsMax} ms` });
    throw error;
  }
}

/** Waits, and gives up with the signal. */
function aborting<Value>(work: Promise<Value>, signal: AbortSignal | undefined): Promise<Value> {
  if (!signal) return work;
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
