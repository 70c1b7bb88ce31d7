import { type Block, headerHash } from '../wire/block.js';
import { Memo } from '../wire/memo.js';
import { parseTransaction, type Transaction } from '../wire/transaction.js';
import type { ChainStore, Position } from './chainStore.js';
import type { ParsedBlock, Verdict } from './validator.js';

/** Blocks whose parsed form and verdict are kept for peers that follow closely. */
const BLOCKS_REMEMBERED_MAX = 32;

/** The chain as peers read it: blocks parsed once, verdicts reached once, shared by all hospitals. */
export class ChainReader {
  readonly #store: ChainStore;
  readonly #parsed = new Memo<ParsedBlock>(BLOCKS_REMEMBERED_MAX);
  readonly #verdicts = new Memo<Verdict>(BLOCKS_REMEMBERED_MAX);

  constructor(store: ChainStore) {
    this.#store = store;
  }

  /** Number of ordered blocks. */
  get height(): number {
    return this.#store.height;
  }

  block(number: number): Block | undefined {
    return this.#store.block(number);
  }

  find(transactionId: string): Position | undefined {
    return this.#store.find(transactionId);
  }

  numberOf(hash: Uint8Array): number | undefined {
    return this.#store.numberOf(hash);
  }

  /** Announces a block whose transactions the orderer has parsed already. */
  remember(block: Block, transactions: readonly Transaction[]): void {
    this.#parsed.of(String(block.number), () => ({ block, hash: headerHash(block), transactions }));
  }

  /** A block with its transactions parsed. Throws beyond the height. */
  parsed(number: number): ParsedBlock {
    return this.#parsed.of(String(number), () => {
      const block = this.#store.block(number);
      if (!block) throw new Error(`no block ${number} in a chain of ${this.height}`);
      return { block, hash: headerHash(block), transactions: block.envelopes.map(parseTransaction) };
    });
  }

  /** The verdict on a block, reached by `judge` if nobody has reached it yet. */
  verdict(number: number, judge: () => Verdict): Verdict {
    return this.#verdicts.of(String(number), judge);
  }
}
