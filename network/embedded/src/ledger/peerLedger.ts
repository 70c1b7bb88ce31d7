import type { ChannelConfiguration } from '../membership/channelConfiguration.js';
import type { Membership } from '../membership/membership.js';
import type { Block } from '../wire/block.js';
import type { ValidationCode } from '../wire/proto.js';
import type { Transaction } from '../wire/transaction.js';
import { approvedPackage, implicitCollection, LIFECYCLE } from './chaincodeDefinition.js';
import type { ChainReader } from './chainReader.js';
import { CommitLock } from './commitLock.js';
import { Definitions } from './definitions.js';
import { type FetchPrivateSet, privateEffects } from './privateEffects.js';
import type { PrivateStore } from './privateStore.js';
import type { StateStore } from './stateStore.js';
import { type ParsedBlock, type Verdict, validateBlock } from './validator.js';

/** How a transaction ended: its code and the block that it stands in. */
export interface TransactionStatus {
  readonly code: ValidationCode;
  readonly block: number;
}

/** A block as one peer committed it. */
export interface CommittedBlock {
  readonly block: Block;
  readonly codes: Buffer;
  readonly commitHash: Buffer;
  /** Its transactions, parsed on demand. */
  transactions(): readonly Transaction[];
}

/** What a peer's ledger is made of. */
export interface PeerLedgerParts {
  readonly organization: string;
  readonly channel: string;
  readonly chain: ChainReader;
  readonly state: StateStore;
  readonly privates: PrivateStore;
  readonly membership: Membership;
  /** The configurations so far; without them there is but that of block 0. */
  readonly configuration?: ChannelConfiguration;
  /** Asks the peers of a collection's other members; without it the peer has nobody to ask. */
  readonly fetchPrivateSet?: FetchPrivateSet;
  /** Asked before every block: whether it may be committed now. */
  readonly mayCommit?: () => Promise<boolean>;
}

/** One hospital's peer's view of the channel: it follows the ordered chain, judges every block, and keeps the state. */
export class PeerLedger {
  readonly organization: string;
  readonly channel: string;
  readonly state: StateStore;
  readonly privates: PrivateStore;
  readonly definitions: Definitions;
  readonly lock = new CommitLock();
  readonly #chain: ChainReader;
  readonly #membership: Membership;
  readonly #configuration: ChannelConfiguration | undefined;
  readonly #fetchPrivateSet: FetchPrivateSet;
  readonly #mayCommit: (() => Promise<boolean>) | undefined;
  readonly #waiting = new Map<string, Set<(status: TransactionStatus) => void>>();
  readonly #approvedPackages = new Map<string, string | undefined>();
  readonly #listeners = new Set<() => void>();
  #following: Promise<void> | undefined;
  #isClosed = false;

  constructor(parts: PeerLedgerParts) {
    this.organization = parts.organization;
    this.channel = parts.channel;
    this.state = parts.state;
    this.privates = parts.privates;
    this.#chain = parts.chain;
    this.#membership = parts.membership;
    this.#configuration = parts.configuration;
    this.#mayCommit = parts.mayCommit;
    this.#fetchPrivateSet = parts.fetchPrivateSet ?? (() => undefined);
    this.definitions = new Definitions(parts.state, parts.membership);
  }

  /** The package that this organisation approved for a chaincode's definition: '' none, undefined not approved. */
  approvedPackage(chaincode: string): string | undefined {
    if (!this.#approvedPackages.has(chaincode)) {
      const collection = implicitCollection(this.organization);
      const get = (key: string) => this.privates.values.get(LIFECYCLE, collection, key)?.value;
      const sequence = this.definitions.get(chaincode)?.sequence;
      this.#approvedPackages.set(chaincode, sequence ? approvedPackage(chaincode, sequence, get) : undefined);
    }
    return this.#approvedPackages.get(chaincode);
  }

  /** Number of blocks that this peer has committed. */
  get height(): number {
    return this.state.height;
  }

  /**
   * Commits every block that the chain has beyond this peer's height; ends when it is level. Calls while it runs share
   * its end.
   */
  follow(): Promise<void> {
    this.#following ??= this.#catchUp().finally(() => {
      this.#following = undefined;
    });
    return this.#following;
  }

  /** Stops after the block that is being committed, and waits for it. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#following;
  }

  /** Calls `listener` after every commit, until the answer is called. */
  onCommit(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** How a transaction ended at this peer; undefined while it has not. */
  status(transactionId: string): TransactionStatus | undefined {
    const position = this.#chain.find(transactionId);
    const verdict = position && this.state.verdict(position.block);
    return verdict && { code: verdict.codes[position.place] as ValidationCode, block: position.block };
  }

  /** Waits for a transaction to be committed here, for as long as `signal` does not abort (then it rejects). */
  async waitFor(transactionId: string, signal: AbortSignal): Promise<TransactionStatus> {
    const known = this.status(transactionId);
    if (known) return known;
    return await new Promise((resolve, reject) => {
      const waiters = this.#waiting.get(transactionId) ?? new Set();
      this.#waiting.set(transactionId, waiters);
      const leave = () => {
        waiters.delete(settle);
        if (waiters.size === 0) this.#waiting.delete(transactionId);
        signal.removeEventListener('abort', abort);
      };
      const settle = (status: TransactionStatus) => {
        leave();
        resolve(status);
      };
      const abort = () => {
        leave();
        reject(signal.reason);
      };
      waiters.add(settle);
      if (signal.aborted) abort();
      else signal.addEventListener('abort', abort, { once: true });
    });
  }

  /** A block as this peer committed it; undefined beyond its height. */
  committed(number: number): CommittedBlock | undefined {
    const verdict = this.state.verdict(number);
    const block = verdict && this.#chain.block(number);
    const transactions = () => this.#chain.parsed(number).transactions;
    return block && { block, codes: verdict.codes, commitHash: verdict.commitHash, transactions };
  }

  async #catchUp(): Promise<void> {
    while (!this.#isClosed && this.height < this.#chain.height) {
      if (this.#mayCommit && !(await this.#mayCommit())) return;
      const parsed = this.#chain.parsed(this.height);
      await this.lock.commit(() => this.#commit(parsed));
      for (const listener of this.#listeners) listener();
      this.#wake(parsed);
    }
  }

  #commit(parsed: ParsedBlock): void {
    const { block, hash, transactions } = parsed;
    const verdict = this.#verdictOn(parsed);
    const { codes, updates, commitHash } = verdict;
    const { definitions, privates } = this;
    const effects = privateEffects(this.organization, parsed, verdict, definitions, privates, this.#fetchPrivateSet);
    // Private data first: this peer alone keeps it, while the state can always be derived again.
    if (effects.sets.length + effects.purges.length + effects.expiries.length > 0) {
      const ids = transactions.flatMap((each) => each.header?.transactionId || []);
      this.privates.commit(block.number, effects, ids);
    }
    this.state.apply({ number: block.number, hash, codes, commitHash, updates });
    if (updates.publicUpdates.has(LIFECYCLE) || updates.hashUpdates.has(LIFECYCLE)) {
      this.definitions.forget();
      this.#approvedPackages.clear();
    }
  }

  /** A verdict is a pure function of chain and block, so the first peer that reaches a block judges it for all. */
  #verdictOn(parsed: ParsedBlock): Verdict {
    return this.#chain.verdict(parsed.block.number, () =>
      validateBlock(parsed, {
        channel: this.channel,
        membership: this.#configuration?.membershipAt(parsed.block.number) ?? this.#membership,
        isConfigBlock: (number) => this.#configuration?.isConfigBlock(number) === true,
        state: this.state,
        definitions: this.definitions,
        isKnown: (id, beforeBlock) => (this.#chain.find(id)?.block ?? beforeBlock) < beforeBlock,
      }),
    );
  }

  #wake({ block, transactions }: ParsedBlock): void {
    if (this.#waiting.size === 0) return;
    for (const { header } of transactions) {
      const id = header?.transactionId;
      const waiters = id ? this.#waiting.get(id) : undefined;
      const status = waiters && id ? this.status(id) : undefined;
      // A second transaction with an id that is known already changes nothing for those who wait.
      if (status && status.block <= block.number) for (const settle of [...waiters!]) settle(status);
    }
  }
}
