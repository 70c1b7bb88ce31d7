import type { ChainReader } from '../ledger/chainReader.js';
import type { Version } from '../ledger/version.js';
import { bytesField, varintField } from '../wire/fields.js';
import type { QueryResults } from './queries.js';

/**
 * Every write of a key, newest first, as serialised `KeyModification`. The state knows where the key was written; what
 * was written is read from the blocks.
 */
export class KeyHistory implements QueryResults {
  readonly #chain: ChainReader;
  readonly #namespace: string;
  readonly #key: string;
  readonly #versions: readonly Version[];
  #index = 0;

  constructor(chain: ChainReader, namespace: string, key: string, versions: readonly Version[]) {
    this.#chain = chain;
    this.#namespace = namespace;
    this.#key = key;
    this.#versions = versions;
  }

  next(): Buffer | undefined {
    const version = this.#versions[this.#index];
    if (!version) return undefined;
    this.#index += 1;
    const transaction = this.#chain.parsed(version.block).transactions[version.transaction];
    const namespace = transaction?.action?.namespaces.find((each) => each.namespace === this.#namespace);
    const write = namespace?.writes.find((each) => each.key === this.#key);
    if (!transaction?.header || !write) {
      throw new Error(`the history of a key names block ${version.block}, which does not write it`);
    }
    const { transactionId, timestamp } = transaction.header;
    const time = Buffer.concat([varintField(1, timestamp.seconds), varintField(2, timestamp.nanos)]);
    return Buffer.concat([
      bytesField(1, Buffer.from(transactionId)),
      bytesField(2, write.value ?? Buffer.alloc(0)),
      bytesField(3, time),
      varintField(4, write.value ? 0 : 1),
    ]);
  }
}
