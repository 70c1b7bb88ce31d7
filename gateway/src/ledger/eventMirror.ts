/** Follows the channel's events and hands them to the mirror, for ever: a broken stream is taken up where it stopped. */
import { setTimeout as wait } from 'node:timers/promises';
import { LEDGER_EVENT, LedgerEvent } from '@consilium/domain';
import type { ChaincodeEvent, CloseableAsyncIterable, Network } from '@hyperledger/fabric-gateway';
import type { Log } from '../agent/ports.js';
import { reasonOf } from './endorseFailure.js';
import { CATCH_UP_TRANSACTIONS_MAX, QUIET_MS, RECONNECT_BACKOFF_MS, RECONNECT_BACKOFF_MS_MAX } from './ledgerLimits.js';

/** A valid transaction and what it wrote. */
export type ObservedTransaction = Readonly<{
  block: number;
  transactionId: string;
  writes: readonly Readonly<{ key: string; value: unknown }>[];
}>;

/** The read model, which knows how far it is. */
export interface MirrorTarget {
  checkpoint(): Readonly<{ block: number; transactionId: string }> | undefined;
  /** All of them and the new checkpoint, or nothing. */
  take(transactions: readonly ObservedTransaction[]): void;
}

export class EventMirror {
  readonly #network: Network;
  readonly #chaincode: string;
  readonly #target: MirrorTarget;
  readonly #log: Log;
  readonly #stopping = new AbortController();
  #events: CloseableAsyncIterable<ChaincodeEvent> | undefined;
  #running: Promise<void> | undefined;
  #lastEventAt = 0;
  #open = false;
  readonly #quietMs: number;

  constructor(network: Network, chaincode: string, target: MirrorTarget, log: Log, quietMs = QUIET_MS) {
    this.#network = network;
    this.#chaincode = chaincode;
    this.#target = target;
    this.#log = log;
    this.#quietMs = quietMs;
  }

  /** Begins to follow. Never throws: the peer may be away. */
  start(): void {
    this.#running ??= this.#follow();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#events?.close();
    await this.#running;
  }

  /**
   * Resolves once the mirror has what its peer had when asked. Blocks without an event of this chaincode leave no trace,
   * so besides the peer's height a quiet stream counts.
   *
   * @param height blocks that the peer has
   */
  async caughtUp(height: number, signal: AbortSignal): Promise<void> {
    const asked = Date.now();
    while (!signal.aborted) {
      if ((this.#target.checkpoint()?.block ?? -1) + 1 >= height) return;
      if (this.#open && Date.now() - Math.max(asked, this.#lastEventAt) >= this.#quietMs) return;
      await wait(10);
    }
    signal.throwIfAborted();
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stopping;
    let backoffMs = RECONNECT_BACKOFF_MS;
    let down = false;
    while (!signal.aborted) {
      try {
        const events = await this.#network.getChaincodeEvents(this.#chaincode, this.#startingPoint());
        this.#events = events;
        if (signal.aborted) events.close();
        this.#open = true;
        this.#lastEventAt = Date.now();
        await this.#drain(events, () => {
          if (down) this.#log.info({}, 'the channel is followed again');
          down = false;
          backoffMs = RECONNECT_BACKOFF_MS;
        });
      } catch (error) {
        if (signal.aborted) return;
        if (!down) this.#log.warn({ reason: reasonOf(error) }, 'the channel cannot be followed: asking again');
        down = true;
      } finally {
        this.#open = false;
        this.#events?.close();
      }
      await wait(backoffMs, undefined, { signal }).catch(() => undefined);
      backoffMs = Math.min(backoffMs * 2, RECONNECT_BACKOFF_MS_MAX);
    }
  }

  #startingPoint() {
    const checkpoint = this.#target.checkpoint();
    if (!checkpoint) return { startBlock: 0n };
    const { block, transactionId } = checkpoint;
    return {
      checkpoint: { getBlockNumber: () => BigInt(block), getTransactionId: () => transactionId },
    };
  }

  /**
   * Takes events in batches of whole blocks. The SDK gives a block's events one by one, but all of them without a turn of
   * the event loop between: what is ready before the next turn is one batch.
   */
  async #drain(events: AsyncIterable<ChaincodeEvent>, onEvent: () => void): Promise<void> {
    const iterator = events[Symbol.asyncIterator]();
    let batch: ObservedTransaction[] = [];
    let next = iterator.next();
    for (;;) {
      const turn = batch.length > 0 ? new Promise<'turn'>((resolve) => setImmediate(resolve, 'turn')) : undefined;
      const result = await (turn ? Promise.race([next, turn]) : next);
      if (result === 'turn') {
        this.#target.take(batch);
        batch = [];
        continue;
      }
      if (result.done) break;
      onEvent();
      this.#lastEventAt = Date.now();
      const observed = observedTransaction(result.value);
      if (batch.length >= CATCH_UP_TRANSACTIONS_MAX && batch.at(-1)?.block !== observed.block) {
        this.#target.take(batch);
        batch = [];
      }
      batch.push(observed);
      next = iterator.next();
    }
    if (batch.length > 0) this.#target.take(batch);
  }
}

/** An event of another name is a transaction all the same: it moves the checkpoint. */
function observedTransaction(event: ChaincodeEvent): ObservedTransaction {
  const { blockNumber, transactionId, eventName, payload } = event;
  const writes =
    eventName === LEDGER_EVENT ? LedgerEvent.parse(JSON.parse(Buffer.from(payload).toString('utf8'))).writes : [];
  return { block: Number(blockNumber), transactionId, writes };
}
