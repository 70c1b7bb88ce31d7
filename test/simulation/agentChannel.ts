/** An agent's way to the channel, as the ledger client offers it: bounded in time, and honest about what is not known. */
import { type CommandInput, type Msp, type Role, refusal, refusalIn, type TransactionName } from '@consilium/domain';
import type { Channel, Committed } from '../../gateway/src/agent/ports.js';
import type { Endorsed } from '../support/simulatedLedger.js';
import { type ChannelNetwork, EPOCH_MS } from './channelNetwork.js';
import type { Incarnation } from './incarnation.js';
import type { Mirror } from './mirror.js';
import type { Random } from './random.js';
import type { Scheduler } from './scheduler.js';
import type { TransactionFaults } from './transactionFaults.js';

const ENDORSE_ATTEMPTS_MAX = 6;
const ENDORSE_BACKOFF_MS = 50;
/** How long the sender waits for a transaction's fate. */
const COMMIT_MS_MAX = 20_000;
const MIRROR_LAG_MS_MAX = 5_000;
const COMMIT_TIMES_KEPT = 5;

export type ChannelParts = Readonly<{
  network: ChannelNetwork;
  scheduler: Scheduler;
  random: Random;
  faults: TransactionFaults;
  /** Unique over a run. */
  nextTransactionId(): string;
  sent(msp: Msp, name: TransactionName, command: unknown): void;
  /** It goes to the orderer now. */
  ordered(msp: Msp, name: TransactionName, command: unknown): void;
}>;

export class AgentChannel implements Channel {
  readonly #parts: ChannelParts;
  readonly #msp: Msp;
  readonly #role: Role;
  readonly #process: Incarnation;
  readonly #mirror: Mirror;
  readonly #clockOffsetMs: () => number;
  readonly #commitTimes: number[] = [];
  readonly #waiting = new Set<() => void>();

  /** @param role whose certificate signs */
  constructor(
    parts: ChannelParts,
    msp: Msp,
    process: Incarnation,
    mirror: Mirror,
    clockOffsetMs: () => number,
    role: Role = 'agent',
  ) {
    this.#parts = parts;
    this.#role = role;
    this.#msp = msp;
    this.#process = process;
    this.#mirror = mirror;
    this.#clockOffsetMs = clockOffsetMs;
  }

  recentCommitMs(): number {
    const times = this.#commitTimes;
    return times.length === 0 ? 100 : times.reduce((sum, ms) => sum + ms, 0) / times.length;
  }

  /** The own peer or the mirror has gone on. */
  poke(): void {
    for (const look of [...this.#waiting]) look();
  }

  async submit<Name extends TransactionName>(
    name: Name,
    command: CommandInput<Name>,
    signal?: AbortSignal,
  ): Promise<Committed> {
    const { random, scheduler, network } = this.#parts;
    this.#parts.sent(this.#msp, name, command);
    const began = scheduler.now;
    await this.#process.delay(random.between(1, 6));
    const endorsed = await this.#endorse(name, JSON.stringify(command), signal);
    await this.#process.delay(random.between(1, 4));
    signal?.throwIfAborted();
    this.#parts.ordered(this.#msp, name, command);
    this.#send(endorsed);
    const { txId } = endorsed;
    await this.#until(() => network.fate(this.#msp, txId) !== undefined, COMMIT_MS_MAX);
    const fate = network.fate(this.#msp, txId);
    if (!fate) throw refusal('LEDGER_COMMIT_UNKNOWN', { transactionId: txId });
    if (fate.code === 'DUPLICATE_TXID') throw refusal('LEDGER_REFUSED', { reason: fate.code });
    if (fate.code !== 'VALID') throw refusal('LEDGER_CONFLICT', {});
    this.#commitTimes.push(scheduler.now - began);
    if (this.#commitTimes.length > COMMIT_TIMES_KEPT) this.#commitTimes.shift();
    await this.#until(() => this.#mirror.height() > fate.block, MIRROR_LAG_MS_MAX);
    return { transactionId: txId, blockNumber: fate.block, result: JSON.parse(endorsed.response) };
  }

  async #endorse(transaction: TransactionName, argument: string, signal: AbortSignal | undefined): Promise<Endorsed> {
    const { network, scheduler, nextTransactionId } = this.#parts;
    for (let attempt = 1; ; attempt += 1) {
      signal?.throwIfAborted();
      const timestampMs = EPOCH_MS + scheduler.now + this.#clockOffsetMs();
      const creator = { msp: this.#msp, role: this.#role, id: `x509::/CN=${this.#role}/O=${this.#msp}` };
      const proposal = { transaction, argument, creator, txId: nextTransactionId(), timestampMs };
      const answer = await network.endorse(proposal, this.#msp);
      if (answer.kind === 'endorsed') return answer.endorsed;
      const error =
        answer.kind === 'unavailable'
          ? refusal('LEDGER_UNAVAILABLE', { reason: answer.reason })
          : (refusalIn(answer.error) ?? refusal('LEDGER_REFUSED', { reason: answer.error }));
      const isFinal = answer.kind === 'refused' && answer.isFinal;
      if (isFinal || attempt === ENDORSE_ATTEMPTS_MAX) throw error;
      await this.#process.delay(ENDORSE_BACKOFF_MS * 2 ** (attempt - 1));
    }
  }

  #send(endorsed: Endorsed): void {
    const { faults, network, random, scheduler } = this.#parts;
    switch (faults.draw(scheduler.now)) {
      case 'lost':
        return;
      case 'late':
      case 'unconfirmed':
        scheduler.after(random.between(100, 2 * COMMIT_MS_MAX), () => network.order(endorsed));
        return;
      case 'twice':
        network.order(endorsed);
        scheduler.after(random.between(1, 5_000), () => network.order(endorsed));
        return;
      default:
        network.order(endorsed);
    }
  }

  /** Resolves once the condition holds, or the time is over. */
  #until(condition: () => boolean, msMax: number): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((resolve) => {
      const end = () => {
        this.#waiting.delete(look);
        cancel();
        resolve();
      };
      const look = () => {
        if (condition()) end();
      };
      const cancel = this.#process.after(msMax, end);
      this.#waiting.add(look);
    });
  }
}
