/** The network between gateways: messages take time, are dropped, and meet hospitals that are down. */
import { type Digest, type Msp, type Receipt, refusal } from '@consilium/domain';
import type { Exchange, VectorDesk } from '../../gateway/src/agent/ports.js';
import type { Disk } from './disk.js';
import type { Incarnation } from './incarnation.js';
import type { Random } from './random.js';
import type { Scheduler } from './scheduler.js';

const ANSWER_MS_MAX = 4_000;

/** What the network finds at the other end. */
export type Reachable = Readonly<{ process: Incarnation; desk: VectorDesk; files: Pick<Disk, 'file'> }>;

type Window = Readonly<{ from: number; until: number }>;

export class ExchangeNetwork {
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  readonly #drops: (Window & { rate: number })[] = [];
  readonly #cuts: (Window & { between: readonly [Msp, Msp] })[] = [];
  readonly #find: (msp: Msp) => Reachable | undefined;

  /** @param find who is up, with what the network needs of it */
  constructor(scheduler: Scheduler, random: Random, find: (msp: Msp) => Reachable | undefined) {
    this.#scheduler = scheduler;
    this.#random = random;
    this.#find = find;
  }

  drop(window: Window, rate: number): void {
    this.#drops.push({ ...window, rate });
  }

  /** Two hospitals do not reach each other. */
  cut(window: Window, between: readonly [Msp, Msp]): void {
    this.#cuts.push({ ...window, between });
  }

  exchangeOf(msp: Msp, process: Incarnation, pushed: (round: number, digest: Digest) => void): Exchange {
    return {
      push: async (to, { study, round, digest, bytes }): Promise<Receipt> => {
        pushed(round, digest);
        return this.#call(msp, process, to, ({ desk }) => desk.receive({ from: msp, study, round, digest, bytes }));
      },
      fetch: async (digest, holders): Promise<Uint8Array> => {
        for (const holder of holders) {
          const bytes = await this.#call(msp, process, holder, async ({ files }) => files.file(digest)).catch(
            () => null,
          );
          if (bytes) return bytes;
        }
        throw refusal('VECTOR_UNKNOWN', { digest });
      },
    };
  }

  async #call<T>(from: Msp, process: Incarnation, to: Msp, ask: (at: Reachable) => Promise<T>): Promise<T> {
    await process.delay(this.#random.between(1, 8));
    const target = this.#find(to);
    const lost = this.#isLost(from, to);
    return new Promise((resolve, reject) => {
      const cancel = process.after(ANSWER_MS_MAX, () => reject(refusal('EXCHANGE_UNREACHABLE', { msp: to })));
      if (!target || lost) return;
      const answered = (settle: () => void) => {
        const isAnswerLost = this.#isLost(from, to);
        process.after(this.#random.between(1, 8), () => {
          if (isAnswerLost) return;
          cancel();
          settle();
        });
      };
      target.process.guard(ask(target)).then(
        (value) => answered(() => resolve(value)),
        (error: unknown) => answered(() => reject(error)),
      );
    });
  }

  #isLost(from: Msp, to: Msp): boolean {
    const now = this.#scheduler.now;
    const isNow = (window: Window) => window.from <= now && now < window.until;
    if (this.#cuts.some((cut) => isNow(cut) && cut.between.includes(from) && cut.between.includes(to))) return true;
    const rate = Math.max(0, ...this.#drops.filter(isNow).map((drop) => drop.rate));
    return rate > 0 && this.#random.chance(rate);
  }
}
