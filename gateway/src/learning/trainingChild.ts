/** One training process, seen from the gateway: forked, asked, watched, ended. */
import { type ChildProcess, fork } from 'node:child_process';
import { ConsiliumError, refusal } from '@consilium/domain';
import type { TrainingReply, TrainingWork, WorkKind } from './trainingMessages.js';

/** JavaScript heap of a training process; tensors lie outside it. */
export const TRAINING_HEAP_MIB_MAX = 4_096;
const LAST_WORDS_CHARACTERS_MAX = 200;

/** The process ended by itself, or was killed by somebody else. */
export class TrainingProcessEnded extends Error {
  override readonly name = 'TrainingProcessEnded';
}

export type AskOptions = Readonly<{
  timeMsMax: number;
  signal?: AbortSignal | undefined;
  onProgress?: ((step: number) => void) | undefined;
}>;

type Asked = Readonly<{
  id: number;
  resolve: (result: unknown) => void;
  reject: (error: unknown) => void;
  onProgress: ((step: number) => void) | undefined;
}>;

export class TrainingChild {
  readonly #process: ChildProcess;
  #asked: Asked | undefined;
  #lastId = 0;
  #ended: TrainingProcessEnded | undefined;
  #lastWords = '';

  /**
   * @param processFile the built entry
   * @param environment all that the process sees of the gateway's environment
   */
  constructor(processFile: string, environment: Readonly<Record<string, string>>) {
    this.#process = fork(processFile, [], {
      env: { TF_NUM_INTRAOP_THREADS: '1', TF_NUM_INTEROP_THREADS: '1', TF_CPP_MIN_LOG_LEVEL: '3', ...environment },
      execArgv: [`--max-old-space-size=${TRAINING_HEAP_MIB_MAX}`],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#process.on('message', (message) => this.#hear(message as TrainingReply));
    this.#process.stderr?.on('data', (bytes: Buffer) => {
      this.#lastWords = `${this.#lastWords}${bytes}`.slice(-LAST_WORDS_CHARACTERS_MAX);
    });
    this.#process.on('error', (error) => this.#end(error.message));
    this.#process.on('close', (code, signal) => this.#end(signal ? `signal ${signal}` : `exit code ${code}`));
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  get hasEnded(): boolean {
    return this.#ended !== undefined;
  }

  /**
   * Asks for one piece of work; the process does one at a time.
   * @throws ConsiliumError as the process gives it, TRAINING_FAILED beyond the time; TrainingProcessEnded; the signal's
   *   reason. In the last three cases the process is no more.
   */
  async ask<Kind extends WorkKind>(
    kind: Kind,
    request: TrainingWork[Kind]['request'],
    { timeMsMax, signal, onProgress }: AskOptions,
  ): Promise<TrainingWork[Kind]['result']> {
    signal?.throwIfAborted();
    if (this.#ended) throw this.#ended;
    if (this.#asked) throw new Error('a training process does one thing at a time');
    const stop = (reason: unknown) => {
      this.#asked?.reject(reason);
      this.kill();
    };
    const timer = setTimeout(
      () => stop(refusal('TRAINING_FAILED', { reason: `it took more than ${timeMsMax} ms` })),
      timeMsMax,
    );
    const onAbort = () => stop(signal?.reason);
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      return (await new Promise<unknown>((resolve, reject) => {
        this.#asked = { id: ++this.#lastId, resolve, reject, onProgress };
        this.#process.send({ id: this.#lastId, kind, request }, (error) => {
          if (error) this.#end(error.message);
        });
      })) as TrainingWork[Kind]['result'];
    } finally {
      this.#asked = undefined;
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /** Ends the process at once: it holds nothing that is not somewhere else too. */
  kill(): void {
    this.#process.kill('SIGKILL');
    this.#end('it was stopped');
  }

  #hear(reply: TrainingReply): void {
    const asked = this.#asked;
    if (reply.id !== asked?.id) return;
    if (reply.kind === 'progress') asked.onProgress?.(reply.step);
    else if (reply.kind === 'done') asked.resolve(reply.result);
    else asked.reject(new ConsiliumError(reply.code, reply.detail));
  }

  #end(how: string): void {
    const words = this.#lastWords.trim().split('\n').at(-1);
    this.#ended ??= new TrainingProcessEnded(words ? `${how}: ${words}` : how);
    this.#asked?.reject(this.#ended);
  }
}
