import { randomBytes } from 'node:crypto';
import type { ChainReader } from '../ledger/chainReader.js';
import type { ChainStore } from '../ledger/chainStore.js';
import { BLOCK_BYTES_PREFERRED, TRANSACTION_BYTES_MAX, TRANSACTIONS_WAITING_MAX } from '../limits.js';
import { type ChannelConfiguration, providerIn } from '../membership/channelConfiguration.js';
import type { Membership } from '../membership/membership.js';
import { ImplicitPolicy } from '../membership/policy.js';
import type { SigningIdentity } from '../peer/signingIdentity.js';
import { dataHashOf } from '../wire/block.js';
import { configPayload } from '../wire/channelConfig.js';
import { common, encode } from '../wire/proto.js';
import { parseTransaction, type Transaction } from '../wire/transaction.js';
import { signBlock } from './blockSigner.js';
import { updatedConfig } from './configUpdate.js';

/** Ids of ordered transactions that are remembered, to tell a second submit of the same one. */
const ORDERED_IDS_REMEMBERED_MAX = 10_000;

const NONCE_BYTES = 24;

/** The orderer's answer to a submitted envelope, in the words of Fabric's broadcast service. */
export interface OrderingAnswer {
  readonly status: 'SUCCESS' | 'BAD_REQUEST' | 'FORBIDDEN' | 'SERVICE_UNAVAILABLE';
  readonly info: string;
}

/** What the orderer works with. */
export interface OrdererParts {
  readonly channel: string;
  readonly store: ChainStore;
  readonly reader: ChainReader;
  readonly membership: Membership;
  readonly batch: { readonly timeoutMs: number; readonly messagesMax: number };
  readonly clock: () => number;
  /** Signs blocks and configurations. */
  readonly signer: SigningIdentity;
  readonly configuration: ChannelConfiguration;
  /** Told after every block; ends when the peers have committed it. */
  deliver(): Promise<void>;
  /** How many endorsements are being collected at this moment. */
  endorsing(): number;
}

const SUCCESS: OrderingAnswer = { status: 'SUCCESS', info: '' };
/** A block waits this long for each transaction that is being endorsed and may join it. */
const LINGER_MS_PER_ENDORSEMENT = 2;

/**
 * The one orderer of the channel. It admits transactions as Fabric's orderers do and cuts them into blocks: at once when
 * nothing else is on its way, else when the block is full, the peers have finished the one before, or time is up.
 * It stands for all of the hospitals' orderers and tolerates no fault: this is for development and demonstration.
 */
export class Orderer {
  readonly #parts: OrdererParts;
  readonly #writers: ImplicitPolicy;
  readonly #ordered = new Set<string>();
  #waiting: { transaction: Transaction; id: string; sinceMs: number }[] = [];
  readonly #waitingIds = new Set<string>();
  #undelivered = 0;
  #timer: NodeJS.Timeout | undefined;
  #isScheduled = false;
  #isClosed = false;

  constructor(parts: OrdererParts) {
    this.#parts = parts;
    this.#writers = new ImplicitPolicy(parts.membership, 'ANY', 'Writers', 'member');
  }

  /** Takes an envelope to be ordered, or says why not. */
  order(envelopeBytes: Buffer): OrderingAnswer {
    const transaction = parseTransaction(envelopeBytes);
    const refusal = this.#refusal(transaction);
    if (refusal) return refusal;
    if (transaction.header!.type === common.HeaderType.CONFIG_UPDATE) return this.#configure(transaction);
    const id = transaction.header!.transactionId;
    if (this.#ordered.has(id)) return unavailable('failed to submit request: request already processed');
    // Fabric's gateway forgives "request already exists": the transaction is on its way.
    if (this.#waitingIds.has(id)) return SUCCESS;
    if (this.#isClosed || this.#waiting.length >= TRANSACTIONS_WAITING_MAX) {
      return unavailable('failed to submit request: pool is full');
    }
    this.#waiting.push({ transaction, id, sinceMs: this.#parts.clock() });
    this.#waitingIds.add(id);
    this.#schedule();
    return SUCCESS;
  }

  /** Cuts everything that waits now, and ends when the peers have committed it. */
  async flush(): Promise<void> {
    while (this.#waiting.length > 0) this.#cut();
    await this.#parts.deliver();
  }

  /** Refuses new transactions, orders those that wait, and ends when the peers have committed them. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.flush();
  }

  #refusal({ header, payloadBytes, signature }: Transaction): OrderingAnswer | undefined {
    const { channel, membership, clock } = this.#parts;
    if (!header) return refused('could not determine channel ID: envelope has no valid header');
    if (header.channelId !== channel) return refused('channel does not exist');
    if (header.type === common.HeaderType.CONFIG)
      return refused('message is of type that cannot be processed directly');
    const bytes = payloadBytes.length + signature.length;
    if (bytes > TRANSACTION_BYTES_MAX) {
      return refused(`message payload is ${bytes} bytes and exceeds maximum allowed ${TRANSACTION_BYTES_MAX} bytes`);
    }
    const creator = membership.identify(header.creator);
    if (creator && creator.expiresMs < clock()) return refused('broadcast client identity expired');
    const signers = membership.signers([{ message: payloadBytes, identity: header.creator, signature }]);
    const missing = this.#writers.refusal(signers);
    return missing === undefined ? undefined : { status: 'FORBIDDEN', info: `${missing}: permission denied` };
  }

  /** A configuration has a block of its own, after everything that came before it. */
  #configure({ envelopeBytes, payloadBytes }: Transaction): OrderingAnswer {
    const { channel, membership, configuration, signer, store } = this.#parts;
    if (this.#isClosed) return unavailable('failed to submit request: pool is full');
    let config: common.Config;
    try {
      const data = common.Payload.deserializeBinary(payloadBytes).getData_asU8();
      config = updatedConfig(configuration.config, data, channel, membership);
      for (const organization of membership.organizations) providerIn(config, organization);
    } catch (error) {
      return refused(`error applying config update to existing channel '${channel}': ${(error as Error).message}`);
    }
    while (this.#waiting.length > 0) this.#cut();
    const header = { channel, creator: signer.serialized, nonce: randomBytes(NONCE_BYTES) };
    const update = common.Envelope.deserializeBinary(envelopeBytes);
    const envelope = new common.Envelope();
    envelope.setPayload(configPayload(config, update, header));
    envelope.setSignature(signer.sign(envelope.getPayload_asU8()));
    const number = store.height;
    this.#append([encode(envelope)], [''], [parseTransaction(encode(envelope))], number);
    configuration.adopt(number, config);
    this.#undelivered += 1;
    void this.#parts.deliver().finally(() => {
      this.#undelivered -= 1;
      this.#schedule();
    });
    return SUCCESS;
  }

  #append(
    envelopes: readonly Buffer[],
    ids: readonly string[],
    transactions: readonly Transaction[],
    lastConfigBlock: number,
  ): void {
    const { store, reader, signer } = this.#parts;
    const header = { number: store.height, previousHash: store.lastHash, dataHash: dataHashOf(envelopes) };
    const block = { ...header, envelopes, signatures: signBlock(signer, header, lastConfigBlock) };
    store.append(block, ids);
    reader.remember(block, transactions);
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    // Everything that arrives in the same turn goes into the same block.
    setImmediate(() => {
      this.#isScheduled = false;
      this.#cutIfDue();
    });
  }

  #cutIfDue(): void {
    clearTimeout(this.#timer);
    const { batch, clock, endorsing } = this.#parts;
    while (this.#waiting.length >= batch.messagesMax) this.#cut();
    const first = this.#waiting[0];
    if (!first) return;
    const waitedMs = clock() - first.sinceMs;
    const lingerMs =
      this.#undelivered > 0 ? batch.timeoutMs : Math.min(batch.timeoutMs, endorsing() * LINGER_MS_PER_ENDORSEMENT);
    if (waitedMs >= lingerMs) this.#cut();
    else this.#timer = setTimeout(() => this.#cutIfDue(), lingerMs - waitedMs);
  }

  #cut(): void {
    const taken = this.#take(this.#parts.batch.messagesMax);
    const transactions = taken.map(({ transaction }) => transaction);
    this.#append(
      transactions.map(({ envelopeBytes }) => envelopeBytes),
      taken.map(({ id }) => id),
      transactions,
      this.#parts.configuration.lastBlock,
    );
    this.#undelivered += 1;
    void this.#parts.deliver().finally(() => {
      this.#undelivered -= 1;
      for (const { id } of taken) this.#finish(id);
      this.#schedule();
    });
  }

  #take(countMax: number) {
    let bytes = 0;
    let count = 0;
    for (const { transaction } of this.#waiting.slice(0, countMax)) {
      bytes += transaction.envelopeBytes.length;
      if (count > 0 && bytes > BLOCK_BYTES_PREFERRED) break;
      count += 1;
    }
    const taken = this.#waiting.slice(0, count);
    this.#waiting = this.#waiting.slice(count);
    return taken;
  }

  #finish(id: string): void {
    this.#waitingIds.delete(id);
    this.#ordered.add(id);
    if (this.#ordered.size <= ORDERED_IDS_REMEMBERED_MAX) return;
    const oldest = this.#ordered.values().next();
    if (!oldest.done) this.#ordered.delete(oldest.value);
  }
}

function refused(info: string): OrderingAnswer {
  return { status: 'BAD_REQUEST', info };
}

function unavailable(info: string): OrderingAnswer {
  return { status: 'SERVICE_UNAVAILABLE', info };
}
