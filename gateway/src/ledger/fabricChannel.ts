/** Sends transactions to the channel as one identity, and finds out what became of them. */
import {
  type CommandInput,
  ConsiliumError,
  LedgerPage,
  type Msp,
  type QueryInput,
  type QueryName,
  refusal,
  type TransactionName,
} from '@consilium/domain';
import { type Contract, type Gateway, GatewayError, type Transaction } from '@hyperledger/fabric-gateway';
import type { Channel, Clock, Committed, Log } from '../agent/ports.js';
import { abortable } from './abortable.js';
import type { CommitTimes, TransactionCounts } from './commitTimes.js';
import { endorseFailure, reasonOf } from './endorseFailure.js';
import { type EndorsementOptions, endorse } from './endorsing.js';
import { COMMIT_MS_MAX, MIRROR_LAG_MS_MAX, PATIENCE, type Patience, SEND_ATTEMPTS_MAX } from './ledgerLimits.js';
import { TransactionError } from './transactionError.js';
import { tellsAnEvent } from './transactionEvent.js';
import { invalidError, type TransactionFate, transactionFate } from './transactionStatus.js';

/** The names that Fabric's peers give the channel and the chaincode, and the hospital that this gateway stands in. */
export type ChannelNames = Readonly<{ channel: string; chaincode: string; msp: Msp }>;

/** What the channels of one gateway share. */
export type ChannelParts = Readonly<{
  counts: TransactionCounts;
  commitTimes: CommitTimes;
  clock: Clock;
  log: Log;
  /** Resolves once the own mirror has taken a transaction in. */
  mirrored(transactionId: string, msMax: number): Promise<void>;
  /** Aborts when the gateway stops: whoever still waits for a fate gets LEDGER_COMMIT_UNKNOWN. */
  stopping: AbortSignal;
}>;

/** A transaction that the ordering service has, or may have. */
export type SentTransaction = Readonly<{
  transactionId: string;
  /**
   * Resolves once it is committed, valid and mirrored.
   * @throws TransactionError LEDGER_CONFLICT, LEDGER_REFUSED, LEDGER_COMMIT_UNKNOWN
   */
  committed(signal?: AbortSignal): Promise<Committed>;
}>;

export class FabricChannel implements Channel {
  readonly #gateway: Gateway;
  readonly #contract: Contract;
  readonly #names: ChannelNames;
  readonly #parts: ChannelParts;
  readonly #patience: Patience;

  constructor(gateway: Gateway, names: ChannelNames, parts: ChannelParts, patience: Patience = PATIENCE) {
    this.#gateway = gateway;
    this.#contract = gateway.getNetwork(names.channel).getContract(names.chaincode);
    this.#names = names;
    this.#parts = parts;
    this.#patience = patience;
  }

  async submit<Name extends TransactionName>(
    name: Name,
    command: CommandInput<Name>,
    signal?: AbortSignal,
  ): Promise<Committed> {
    const sent = await this.send(name, command, signal);
    return sent.committed(signal);
  }

  /**
   * Has it endorsed by the own peer alone: transient data is shown to nobody else. For what is written into this hospital's
   * own collection.
   */
  async submitAtHome<Name extends TransactionName>(
    name: Name,
    command: CommandInput<Name>,
    transientData: Readonly<Record<string, string>>,
    signal?: AbortSignal,
  ): Promise<Committed> {
    const options = { transientData: { ...transientData }, endorsingOrganizations: [this.#names.msp] };
    const sent = await this.#sendWith(name, command, options, signal);
    return sent.committed(signal);
  }

  /**
   * Asks the own peer alone: for what stands in this hospital's own collection.
   * @throws ConsiliumError what the contract refuses with; LEDGER_UNAVAILABLE; the signal's reason
   */
  async readAtHome<Name extends QueryName>(
    name: Name,
    query: QueryInput<Name>,
    signal?: AbortSignal,
  ): Promise<LedgerPage> {
    const { msp } = this.#names;
    const options = { arguments: [JSON.stringify(query)], endorsingOrganizations: [msp] };
    try {
      const answer = await abortable(this.#contract.evaluate(name, options), signal);
      return LedgerPage.parse(JSON.parse(Buffer.from(answer).toString('utf8')));
    } catch (failure) {
      signal?.throwIfAborted();
      throw endorseFailure(failure, msp).error;
    }
  }

  /**
   * Has a transaction endorsed and sends it, without waiting for its commit.
   * @throws ConsiliumError what the contract refuses with; LEDGER_UNAVAILABLE; LEDGER_COMMIT_UNKNOWN, as TransactionError
   */
  async send<Name extends TransactionName>(
    name: Name,
    command: CommandInput<Name>,
    signal?: AbortSignal,
  ): Promise<SentTransaction> {
    return this.#sendWith(name, command, {}, signal);
  }

  async #sendWith(
    name: TransactionName,
    command: unknown,
    options: EndorsementOptions,
    signal: AbortSignal | undefined,
  ): Promise<SentTransaction> {
    const startedAt = this.#parts.clock.monotonic();
    const transaction = await this.#endorse(name, JSON.stringify(command), options, signal);
    const transactionId = transaction.getTransactionId();
    const known = await abortable(this.#submit(transaction, signal), signal);
    const committed = this.#commit(transaction, known, startedAt, signal);
    // Whoever does not wait for it hears of it by its id.
    committed.catch(() => undefined);
    return { transactionId, committed: (waiting) => abortable(committed, waiting) };
  }

  /** What the own peer knows of a transaction within `msMax`; undefined: nothing yet. */
  fateOf(transactionId: string, msMax: number): Promise<TransactionFate | undefined> {
    return transactionFate(this.#gateway, this.#names.channel, transactionId, msMax, this.#parts.stopping);
  }

  recentCommitMs(): number {
    return this.#parts.commitTimes.meanMs();
  }

  async #endorse(
    name: string,
    command: string,
    options: EndorsementOptions,
    signal: AbortSignal | undefined,
  ): Promise<Transaction> {
    const { log } = this.#parts;
    const parts = { contract: this.#contract, msp: this.#names.msp, log, patience: this.#patience };
    try {
      return (await endorse(parts, name, command, signal, options)).transaction;
    } catch (error) {
      if (error instanceof ConsiliumError && error.kind !== 'unavailable') this.#parts.counts.countRefused();
      throw error;
    }
  }

  /**
   * Sends the signed bytes. An orderer that fails may have them all the same, so its error decides nothing: the peer is
   * asked, and if it does not know, the same bytes go out again, which can commit only once. After an abort they do not go
   * out, or not again.
   *
   * @returns the fate where it was learnt on the way
   */
  async #submit(transaction: Transaction, signal: AbortSignal | undefined): Promise<TransactionFate | undefined> {
    const transactionId = transaction.getTransactionId();
    for (let attempt = 1; ; attempt++) {
      signal?.throwIfAborted();
      try {
        await transaction.submit();
        return undefined;
      } catch (failure) {
        if (!isSubmitError(failure)) throw failure;
        const fate = await this.fateOf(transactionId, this.#patience.sendAgainMs);
        if (fate) return fate;
        if (failure.details.some(({ message }) => message.includes('status=BAD_REQUEST')))
          throw new TransactionError(
            refusal('LEDGER_REFUSED', { reason: failure.details.map(({ message }) => message).join('; ') }),
            transactionId,
          );
        this.#parts.log.warn({ transactionId, attempt, reason: reasonOf(failure) }, 'an orderer did not confirm');
        if (attempt === SEND_ATTEMPTS_MAX)
          throw new TransactionError(refusal('LEDGER_COMMIT_UNKNOWN', { transactionId }), transactionId);
      }
    }
  }

  async #commit(
    transaction: Transaction,
    known: TransactionFate | undefined,
    startedAt: number,
    signal: AbortSignal | undefined,
  ): Promise<Committed> {
    const transactionId = transaction.getTransactionId();
    const fate = known ?? (await this.#untilFate(transaction, signal));
    if (!fate) throw new TransactionError(refusal('LEDGER_COMMIT_UNKNOWN', { transactionId }), transactionId);
    if (!fate.valid) {
      this.#parts.counts.countInvalid(fate.validationCode);
      throw new TransactionError(invalidError(transactionId, fate), transactionId);
    }
    this.#parts.counts.countValid();
    this.#parts.commitTimes.add(this.#parts.clock.monotonic() - startedAt);
    if (tellsAnEvent(transaction.getBytes())) await this.#parts.mirrored(transactionId, MIRROR_LAG_MS_MAX);
    return { transactionId, blockNumber: fate.blockNumber, result: resultOf(transaction) };
  }

  /**
   * Orderers that took a transaction and died before it was in a block have forgotten it, so the same bytes go out again and
   * again. Where the first ones did commit, the later ones are DUPLICATE_TXID, and the peer goes on telling the first fate.
   * After an abort they do not go out again; their fate is awaited all the same.
   */
  async #untilFate(transaction: Transaction, signal: AbortSignal | undefined): Promise<TransactionFate | undefined> {
    const { clock, stopping } = this.#parts;
    const transactionId = transaction.getTransactionId();
    const deadline = clock.monotonic() + COMMIT_MS_MAX;
    for (;;) {
      const leftMs = deadline - clock.monotonic();
      const fate = await this.fateOf(transactionId, Math.min(leftMs, this.#patience.resubmitMs));
      if (fate || stopping.aborted || leftMs <= this.#patience.resubmitMs) return fate;
      if (!signal?.aborted) await this.#resubmit(transaction);
    }
  }

  /** Whatever an orderer says, it is the peer that tells the fate. */
  async #resubmit(transaction: Transaction): Promise<void> {
    const transactionId = transaction.getTransactionId();
    try {
      await transaction.submit();
      this.#parts.log.warn({ transactionId }, 'sent again: in no block yet');
    } catch (failure) {
      this.#parts.log.warn({ transactionId, reason: reasonOf(failure) }, 'an orderer did not confirm');
    }
  }
}

/** The SDK exports this class as a type only. */
function isSubmitError(error: unknown): error is GatewayError {
  return error instanceof GatewayError && error.name === 'SubmitError';
}

function resultOf(transaction: Transaction): unknown {
  const text = Buffer.from(transaction.getResult()).toString('utf8');
  return text === '' ? undefined : JSON.parse(text);
}
