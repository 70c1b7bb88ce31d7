/** What the consent store needs of its hospital. */
import type { CommandInput, ConsentRef, Msp, TransactionName } from '@consilium/domain';
import type { Channel, ChannelState, Clock, Committed, Log, Timers } from '../agent/ports.js';
import type { ConsentKey } from './consentKey.js';

/** The channel's state, and what each new transaction wrote. */
export interface ConsentLedger extends ChannelState {
  recordOf(key: string): Readonly<{ block: number; transactionId: string }> | undefined;
  onTransactions(
    listener: (
      transactions: readonly Readonly<{ writes: readonly Readonly<{ key: string; value: unknown }>[] }>[],
    ) => void,
  ): () => void;
}

/** Sends transactions for the store. Each call resolves once committed, or throws as `Channel.submit` does. */
export interface ConsentSender {
  /**
   * Signed by the person of that name.
   * @throws ConsiliumError CONSENT_PERSON_UNKNOWN where the gateway has no such identity
   */
  send<Name extends TransactionName>(
    person: string,
    name: Name,
    command: CommandInput<Name>,
    signal?: AbortSignal,
  ): Promise<Committed>;
  /** Who signs roots of batches that a patient desk recorded: the name of a data steward. */
  readonly steward: string | undefined;
  /** Signed by the agent. */
  readonly asAgent: Pick<Channel, 'submit'>;
  /** `ConsentContract:keepPrivate` of the agent, endorsed by the own peer alone, with these openings as transient data. */
  keepPrivate(openings: ReadonlyMap<ConsentRef, string>, signal?: AbortSignal): Promise<Committed>;
  /**
   * `ConsentContract:readPrivate` of the agent, asked of the own peer alone, for at most `PAGE_ITEMS_MAX` refs.
   * @returns what is kept, by ref; nothing of a ref of which nothing is
   */
  readPrivate(refs: readonly ConsentRef[], signal?: AbortSignal): Promise<ReadonlyMap<ConsentRef, string>>;
  /** `ConsentContract:purgePrivate` of the agent, endorsed by the own peer alone. */
  purgePrivate(refs: readonly ConsentRef[], signal?: AbortSignal): Promise<Committed>;
}

export type ConsentStoreParts = Readonly<{
  /** Folder of `consent.db` and `consent-backups/`. */
  home: string;
  owner: Readonly<{ msp: Msp; channel: string }>;
  key: ConsentKey;
  ledger: ConsentLedger;
  sender: ConsentSender;
  clock: Clock;
  timers: Timers;
  log: Log;
}>;
