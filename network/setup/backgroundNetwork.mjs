import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { NETWORK } from './paths.mjs';

/** From the first process to the last gateway that answers; 20 hospitals on a slow machine included. */
const START_MS_MAX = 10 * 60_000;
/** The launcher's own limits for its parts end before this. */
const STOP_MS_MAX = 60_000;
const KILL_MS_MAX = 10_000;
const POLL_MS = 50;
const LOG_LINES_SHOWN = 15;

/**
 * The launcher in a session of its own: Ctrl-C must end the demo first and the network after it, and with `--keep` the
 * network outlives this process. Its output goes to `<home>/network.log`.
 */
export class BackgroundNetwork {
  /** Whether Ctrl-C or a request to end came while it was there. */
  isInterrupted = false;
  #launcher;
  #logFile;
  #addresses;
  #addressesBefore;
  #hasEnded = false;
  #ended;
  #onSignal = () => {
    this.isInterrupted = true;
  };

  /**
   * @param {string} home
   * @param {string[]} args of the launcher's `start`
   * @param {string} program the launcher
   */
  constructor(home, args, program = NETWORK) {
    mkdirSync(home, { recursive: true });
    this.#addresses = join(home, 'addresses.json');
    this.#addressesBefore = fingerprint(this.#addresses);
    this.#logFile = join(home, 'network.log');
    const log = openSync(this.#logFile, 'w', 0o600);
    this.#launcher = spawn(process.execPath, [program, 'start', ...args], {
      detached: true,
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    this.#ended = new Promise((resolve) => {
      const end = () => {
        this.#hasEnded = true;
        resolve(true);
      };
      this.#launcher.once('close', end).once('error', end);
    });
    process.on('SIGINT', this.#onSignal).on('SIGTERM', this.#onSignal);
  }

  /**
   * Waits until every gateway answers.
   *
   * @returns {Promise<boolean>} false if it did not come up, and then the user has been told why
   */
  async isUp() {
    const deadlineMs = Date.now() + START_MS_MAX;
    while (!this.#hasEnded && !this.isInterrupted && Date.now() < deadlineMs) {
      const addresses = fingerprint(this.#addresses);
      if (addresses !== undefined && addresses !== this.#addressesBefore) return true;
      await sleep(POLL_MS);
    }
    if (!this.isInterrupted) {
      const tail = readFileSync(this.#logFile, 'utf8').trimEnd().split('\n').slice(-LOG_LINES_SHOWN).join('\n');
      const how = this.#hasEnded ? '' : ` within ${START_MS_MAX / 60_000} minutes`;
      process.stderr.write(`The network did not come up${how}. The end of ${this.#logFile}:\n${tail}\n`);
    }
    return false;
  }

  /** Lets this process end while the network goes on. */
  leaveRunning() {
    this.#forgetSignals();
    this.#launcher.unref();
    process.stdout.write('The network stays up; `npm stop` ends it.\n');
  }

  /** Ends every process of the network: first asked to, then told to, then without being asked. */
  async stop() {
    for (const [signal, waitMs] of /** @type {const} */ ([
      ['SIGTERM', STOP_MS_MAX],
      ['SIGTERM', KILL_MS_MAX], // its second one makes the launcher kill its parts
      ['SIGKILL', KILL_MS_MAX],
    ])) {
      if (this.#hasEnded) break;
      this.#launcher.kill(signal);
      const isInTime = await Promise.race([this.#ended, sleep(waitMs, false, { ref: false })]);
      if (!isInTime)
        process.stderr.write(`The network has not ended after ${waitMs / 1000} s; see ${this.#logFile}.\n`);
    }
    this.#forgetSignals();
  }

  #forgetSignals() {
    process.off('SIGINT', this.#onSignal).off('SIGTERM', this.#onSignal);
  }
}

/** Tells a newly written file from the one of an earlier run. @param {string} file */
function fingerprint(file) {
  const stats = statSync(file, { throwIfNoEntry: false });
  return stats && `${stats.ino} ${stats.mtimeMs}`;
}
