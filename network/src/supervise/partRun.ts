import { type ChildProcess, spawn } from 'node:child_process';
import type { PartLog } from './partLog.js';
import type { PartSpec } from './partSpec.js';
import { identityOf, killGroup, type ProcessIdentity } from './processIdentity.js';

/** A part that does not end within this time after SIGTERM is killed. */
export const TERMINATION_MS_MAX = 10_000;

/** One process of a part, from its start to its end. */
export class PartRun {
  readonly #child: ChildProcess;
  /** How it ended, in words: `exit code 1`, `signal SIGKILL`. Never rejects. */
  readonly ended: Promise<string>;
  #hasEnded = false;
  readonly identity: ProcessIdentity | undefined;

  constructor(spec: PartSpec, log: PartLog, folder: string) {
    // Its own process group: Ctrl-C in a terminal reaches the launcher alone, which then stops its parts in order.
    this.#child = log.withDescriptor((descriptor) =>
      spawn(spec.program ?? process.execPath, spec.command, {
        cwd: folder,
        env: { ...spec.environment },
        stdio: ['ignore', descriptor, descriptor],
        detached: true,
      }),
    );
    this.identity = this.#child.pid === undefined ? undefined : identityOf(this.#child.pid);
    this.ended = new Promise((resolve) => {
      const end = (how: string): void => {
        this.#hasEnded = true;
        // Whatever it started itself goes with it: no second trainer beside that of the next run.
        if (this.#child.pid !== undefined) killGroup(this.#child.pid);
        resolve(how);
      };
      this.#child.once('error', (error) => end(`it could not be started: ${error.message}`));
      this.#child.once('exit', (code, signal) => end(signal === null ? `exit code ${code}` : `signal ${signal}`));
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Ends it and everything it started, at once. */
  kill(): void {
    if (!this.#hasEnded && this.#child.pid !== undefined) killGroup(this.#child.pid);
  }

  /** Asks it to end, and kills it when it has not after the limit. Resolves when it has ended. */
  async terminate(msMax: number = TERMINATION_MS_MAX): Promise<void> {
    if (!this.#hasEnded) this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.kill(), msMax);
    await this.ended;
    clearTimeout(timer);
  }
}
