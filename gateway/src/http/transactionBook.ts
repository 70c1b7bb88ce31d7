/** Transactions that were sent through this gateway, and the fate of any. */
import type { TransactionResource } from '@consilium/client/resources';
import { FATE_ASK_MS_MAX, TRANSACTIONS_REMEMBERED_MAX } from './apiLimits.js';
import type { LedgerReadings, PeerView, Sent } from './ports.js';

export class TransactionBook {
  readonly #readings: Pick<LedgerReadings, 'blockOf'>;
  readonly #peer: Pick<PeerView, 'fateOf'>;
  /** Ids of transactions whose commit is awaited here. */
  readonly #pending = new Set<string>();

  constructor(readings: Pick<LedgerReadings, 'blockOf'>, peer: Pick<PeerView, 'fateOf'>) {
    this.#readings = readings;
    this.#peer = peer;
  }

  /** Remembers a transaction until its fate is known. */
  track({ transactionId, committed }: Sent): void {
    if (this.#pending.size >= TRANSACTIONS_REMEMBERED_MAX) {
      const [oldest] = this.#pending;
      this.#pending.delete(oldest as string);
    }
    this.#pending.add(transactionId);
    const forget = () => this.#pending.delete(transactionId);
    committed().then(forget, forget);
  }

  async fateOf(transactionId: string): Promise<TransactionResource> {
    const block = this.#readings.blockOf(transactionId);
    if (block !== undefined) return { transactionId, state: 'valid', validationCode: 'VALID', block };
    if (this.#pending.has(transactionId)) return pending(transactionId);
    const fate = await this.#peer.fateOf(transactionId, FATE_ASK_MS_MAX);
    if (!fate) return { ...pending(transactionId), state: 'unknown' };
    const { valid, validationCode, blockNumber } = fate;
    return { transactionId, state: valid ? 'valid' : 'invalid', validationCode, block: blockNumber };
  }
}

export function pending(transactionId: string): TransactionResource {
  return { transactionId, state: 'pending', validationCode: null, block: null };
}
