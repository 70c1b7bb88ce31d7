/** Puts the head of each day's log of reads on the channel, so that a shortened log is found out. */
import { ledgerKey, type Msp, ReadLogHead } from '@consilium/domain';
import type { Clock, Log, Timers } from '../agent/ports.js';
import { READ_LOG_ANCHOR_MS } from './consentLimits.js';
import type { ConsentLedger, ConsentSender } from './consentPorts.js';
import type { ReadLog } from './readLog.js';
import { codeOf } from './sendFailure.js';

export class ReadLogAnchor {
  readonly #readLog: ReadLog;
  readonly #ledger: ConsentLedger;
  readonly #sender: ConsentSender;
  readonly #msp: Msp;
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #log: Log;
  #cancel: (() => void) | undefined;
  #stopping = new AbortController();
  #work: Promise<void> = Promise.resolve();

  constructor(
    readLog: ReadLog,
    parts: Readonly<{ ledger: ConsentLedger; sender: ConsentSender; msp: Msp; clock: Clock; timers: Timers; log: Log }>,
  ) {
    this.#readLog = readLog;
    this.#ledger = parts.ledger;
    this.#sender = parts.sender;
    this.#msp = parts.msp;
    this.#clock = parts.clock;
    this.#timers = parts.timers;
    this.#log = parts.log;
  }

  start(): void {
    this.#stopping = new AbortController();
    this.#work = this.#anchorAndWait();
  }

  async stop(): Promise<void> {
    this.#cancel?.();
    this.#stopping.abort();
    await this.#work;
  }

  /**
   * Anchors every day that is over and not anchored yet.
   * @returns how many were anchored
   * @throws ConsiliumError of the channel
   */
  async anchor(signal?: AbortSignal): Promise<number> {
    const today = new Date(this.#clock.now()).toISOString().slice(0, 10);
    let anchored = 0;
    for (const { day, head, entries } of this.#readLog.heads()) {
      if (day >= today || this.#stands(day, entries)) continue;
      await this.#sender.asAgent.submit('ConsentContract:anchorReadLog', { day, head, entries }, signal);
      anchored += 1;
    }
    return anchored;
  }

  async #anchorAndWait(): Promise<void> {
    try {
      await this.anchor(this.#stopping.signal);
    } catch (error) {
      if (!this.#stopping.signal.aborted) this.#log.warn({ code: codeOf(error) }, 'the log of reads was not anchored');
    }
    if (this.#stopping.signal.aborted) return;
    this.#cancel = this.#timers.after(READ_LOG_ANCHOR_MS, () => {
      this.#work = this.#anchorAndWait();
    });
  }

  /** A day's head gives way only to one with more entries: what another chain anchored stands. */
  #stands(day: string, entries: number): boolean {
    const value = this.#ledger.get(ledgerKey.readLog(this.#msp, day));
    return value !== undefined && ReadLogHead.parse(value).entries >= entries;
  }
}
