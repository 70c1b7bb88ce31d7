import { refusal } from '@consilium/domain';
import { GatewayError } from '@hyperledger/fabric-gateway';
import { common } from '@hyperledger/fabric-protos';
import { type PeerAccess, reasonOf } from '../peerAccess.js';
import { type BlockRecord, blockRecord } from './blockRecord.js';
import type { LedgerValue } from './ledgerValue.js';
import type { TransactionRecord } from './transactionRecord.js';

/** A transaction, and the block that it stands in. */
export interface FoundTransaction {
  readonly block: number;
  readonly transaction: TransactionRecord;
}

/** The last valid write of a key. */
export interface StateRecord {
  readonly namespace: string;
  readonly key: string;
  /** Absent: it was deleted. */
  readonly value?: LedgerValue;
  readonly block: number;
  readonly transaction: string;
}

/** Reads a channel of either kind through one hospital's own peer: Fabric's `qscc`, and its stream of blocks. */
export class ChannelReader {
  readonly #access: PeerAccess;

  constructor(access: PeerAccess) {
    this.#access = access;
  }

  /** How many blocks there are. @throws LEDGER_UNAVAILABLE */
  async height(): Promise<number> {
    return this.#access.height().catch(unavailable);
  }

  /** @throws LEDGER_RECORD_UNKNOWN, LEDGER_UNAVAILABLE */
  async block(number: number): Promise<BlockRecord> {
    return this.#query(`block ${number}`, 'GetBlockByNumber', String(number));
  }

  /**
   * A transaction by its id, the first one where it was sent twice.
   *
   * @throws LEDGER_RECORD_UNKNOWN, LEDGER_UNAVAILABLE
   */
  async transaction(id: string): Promise<FoundTransaction> {
    const { number, transactions } = await this.#query(`transaction ${id}`, 'GetBlockByTxID', id);
    const transaction = transactions.find((each) => each.id === id);
    if (transaction === undefined) throw unknown(`transaction ${id}`);
    return { block: number, transaction };
  }

  /** Blocks from `start` up to those that were there at the call. @throws LEDGER_UNAVAILABLE */
  async *blocks(start: number): AsyncGenerator<BlockRecord> {
    const height = await this.height();
    if (start >= height) return;
    const stream = await this.#access.network.getBlockEvents({ startBlock: BigInt(start) });
    try {
      for await (const block of stream) {
        const record = blockRecord(block);
        yield record;
        if (record.number + 1 >= height) return;
      }
    } catch (error) {
      unavailable(error);
    } finally {
      stream.close();
    }
  }

  /**
   * What a key holds, found as a peer does it: by every valid write, from the first block on. A peer's own state cannot
   * be asked for without a chaincode that answers.
   *
   * @throws LEDGER_RECORD_UNKNOWN if it was never written; LEDGER_UNAVAILABLE
   */
  async state(namespace: string, key: string): Promise<StateRecord> {
    let found: StateRecord | undefined;
    for await (const { number, transactions } of this.blocks(0)) {
      for (const { id, code, writes } of transactions) {
        const write = writes?.findLast((each) => each.namespace === namespace && each.key === key);
        if (code === 'VALID' && write !== undefined) found = { ...write, block: number, transaction: id };
      }
    }
    if (found === undefined) throw unknown(`key ${key} of ${namespace}`);
    return found;
  }

  async #query(what: string, name: string, argument: string): Promise<BlockRecord> {
    const query = { arguments: [this.#access.channel, argument], endorsingOrganizations: [this.#access.msp] };
    let bytes: Uint8Array;
    try {
      bytes = await this.#access.network.getContract('qscc').evaluate(name, query);
    } catch (error) {
      if (/no such (block number|transaction ID)/.test(reasonOf(error))) throw unknown(what);
      return unavailable(error);
    }
    return blockRecord(common.Block.deserializeBinary(bytes));
  }
}

function unknown(what: string): Error {
  return refusal('LEDGER_RECORD_UNKNOWN', { what });
}

function unavailable(error: unknown): never {
  if (!(error instanceof GatewayError)) throw error;
  throw refusal('LEDGER_UNAVAILABLE', { reason: reasonOf(error) }, { cause: error });
}
