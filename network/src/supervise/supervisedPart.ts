import { EventEmitter, once } from 'node:events';
import { type ConsiliumError, refusal } from '@consilium/domain';
import type { PartLog } from './partLog.js';
import { PartRun, TERMINATION_MS_MAX } from './partRun.js';
import { labelOf, type PartSpec } from './partSpec.js';
import type { ProcessIdentity } from './processIdentity.js';
import { pause, prepareReadiness, untilReady } from './readiness.js';

/** A part that is not up within this time is killed and started again. */
export const READY_MS_MAX = 60_000;

/** A start is given up when a part fails this often before it was ever up. */
export const START_ATTEMPTS_MAX = 3;

/** Pause before the first restart; it doubles with each failure in a row. */
export const RESTART_MS_MIN = 200;
export const RESTART_MS_MAX = 10_000;

/** A part that was up for this long before it ended begins again with the shortest pause. */
export const STEADY_MS = 30_000;

const LOG_LINES_SHOWN = 6;

export interface PartLimits {
  readonly readyMs: number;
  readonly restartMs: number;
  readonly terminationMs: number;
}

export const PART_LIMITS: PartLimits = {
  readyMs: READY_MS_MAX,
  restartMs: RESTART_MS_MIN,
  terminationMs: TERMINATION_MS_MAX,
};

/** `waiting`: it ended, and is started again after a pause. */
export type PartState = 'stopped' | 'starting' | 'ready' | 'waiting' | 'stopping';

export interface PartStatus {
  readonly owner: string;
  readonly name: string;
  readonly state: PartState;
  readonly address: string;
  /** When it came into this state. */
  readonly since: Date;
  /** How often it was started again after it ended by itself. */
  readonly restarts: number;
  readonly process?: ProcessIdentity;
  /** How its last process ended, if one did. */
  readonly lastEnd?: string;
}

interface FirstReady {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Keeps one process running until told to stop: starts it again after it ends, with growing pauses. */
export class SupervisedPart {
  readonly #changes = new EventEmitter();
  #state: PartState = 'stopped';
  #since: Date;
  #restarts = 0;
  #lastEnd: string | undefined;
  #run: PartRun | undefined;
  #halt = new AbortController();
  #keeping: Promise<void> | undefined;
  #firstReady: FirstReady | undefined;

  constructor(
    readonly spec: PartSpec,
    readonly log: PartLog,
    private readonly folder: string,
    private readonly clock: () => Date,
    private readonly limits: PartLimits = PART_LIMITS,
  ) {
    this.#since = clock();
    this.#changes.setMaxListeners(0);
  }

  get status(): PartStatus {
    const process = this.#run?.identity;
    return {
      owner: this.spec.owner,
      name: this.spec.name,
      state: this.#state,
      address: this.spec.address,
      since: this.#since,
      restarts: this.#restarts,
      ...(process === undefined ? {} : { process }),
      ...(this.#lastEnd === undefined ? {} : { lastEnd: this.#lastEnd }),
    };
  }

  /** Calls `listener` after each change of the status. */
  onChange(listener: () => void): void {
    this.#changes.on('change', listener);
  }

  /**
   * Starts it and keeps it running. Resolves when it is up for the first time.
   *
   * @throws PART_ENDED or PART_NOT_READY after {@link START_ATTEMPTS_MAX} failures; it is stopped then.
   */
  async start(): Promise<void> {
    if (this.#keeping === undefined) {
      this.#halt = new AbortController();
      const first = firstReady();
      this.#firstReady = first;
      this.#keeping = this.#keepRunning(this.#halt.signal, first)
        .catch(first.reject)
        .finally(() => {
          this.#keeping = undefined;
          this.#become('stopped');
          first.reject(new Error(`${labelOf(this.spec)} was stopped before it was ready`));
        });
    }
    await this.#firstReady?.promise;
  }

  /** Ends its process, if need be by force, and does not start it again. */
  async stop(): Promise<void> {
    if (this.#keeping === undefined) return;
    this.#halt.abort(new Error(`${labelOf(this.spec)} was stopped`));
    const run = this.#run;
    if (run !== undefined) {
      this.#become('stopping');
      await run.terminate(this.limits.terminationMs);
    }
    await this.#keeping;
  }

  /** Kills its process as a crash would; it is started again after the usual pause. Resolves when the process is gone. */
  async kill(): Promise<void> {
    const run = this.#run;
    run?.kill();
    await run?.ended;
    while (run !== undefined && this.#run === run) await once(this.#changes, 'change');
  }

  /** Resolves when it is up; the caller sets the limit. */
  async untilReady(signal?: AbortSignal): Promise<void> {
    const options = signal === undefined ? {} : { signal };
    while (this.#state !== 'ready') await once(this.#changes, 'change', options);
  }

  async #keepRunning(halt: AbortSignal, first: FirstReady): Promise<void> {
    let failuresInARow = 0;
    let wasReady = false;
    while (!halt.aborted) {
      const { readyForMs, problem } = await this.#runOnce(halt, first);
      if (halt.aborted) break;
      wasReady ||= readyForMs !== undefined;
      failuresInARow = readyForMs !== undefined && readyForMs >= STEADY_MS ? 1 : failuresInARow + 1;
      if (!wasReady && failuresInARow >= START_ATTEMPTS_MAX) {
        first.reject(problem);
        break;
      }
      this.#become('waiting');
      await pause(Math.min(this.limits.restartMs * 2 ** (failuresInARow - 1), RESTART_MS_MAX), halt).catch(
        () => undefined,
      );
      if (!halt.aborted) this.#restarts += 1;
    }
  }

  async #runOnce(
    halt: AbortSignal,
    first: FirstReady,
  ): Promise<{ readyForMs: number | undefined; problem: ConsiliumError }> {
    let run: PartRun;
    try {
      prepareReadiness(this.spec.readiness);
      run = new PartRun(this.spec, this.log, this.folder);
    } catch (error) {
      // Out of descriptors or disk: tried again like a process that ends at once.
      this.#lastEnd = `it could not be started: ${error instanceof Error ? error.message : String(error)}`;
      return { readyForMs: undefined, problem: this.#endedEarly(this.#lastEnd) };
    }
    this.#run = run;
    this.log.note(`started, process ${run.pid ?? 'none'}`, this.clock());
    this.#become('starting');
    let readyAt: number | undefined;
    const late = AbortSignal.timeout(this.limits.readyMs);
    const gone = new AbortController();
    void run.ended.then(() => gone.abort());
    try {
      await untilReady(this.spec.readiness, run.pid ?? 0, AbortSignal.any([halt, late, gone.signal]));
      readyAt = performance.now();
      this.#become('ready');
      first.resolve();
    } catch {
      if (!halt.aborted) run.kill();
    }
    const tooLate = readyAt === undefined && late.aborted && !gone.signal.aborted;
    const how = await run.ended;
    this.#run = undefined;
    this.#lastEnd = how;
    this.log.note(tooLate ? `killed: not ready within ${this.limits.readyMs} ms` : `ended, ${how}`, this.clock());
    const problem = tooLate ? this.#notReady() : this.#endedEarly(how);
    return { readyForMs: readyAt === undefined ? undefined : performance.now() - readyAt, problem };
  }

  #become(state: PartState): void {
    this.#state = state;
    this.#since = this.clock();
    this.#changes.emit('change');
  }

  #notReady(): ConsiliumError {
    const { owner: hospital, name } = this.spec;
    return refusal('PART_NOT_READY', { part: labelOf(this.spec), waitedMs: this.limits.readyMs, hospital, name });
  }

  #endedEarly(how: string): ConsiliumError {
    const { owner: hospital, name } = this.spec;
    const said = this.log.tail(LOG_LINES_SHOWN * 2).filter((line) => !line.includes(' launcher: '));
    const last = said.slice(-LOG_LINES_SHOWN).map((line) => `\n  | ${line}`);
    return refusal('PART_ENDED', { part: labelOf(this.spec), how, hospital, name, last: last.join('') });
  }
}

function firstReady(): FirstReady {
  let resolve: () => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  // Whoever started it hears of a failure; a later restart has nobody waiting.
  promise.catch(() => undefined);
  return { promise, resolve, reject };
}
