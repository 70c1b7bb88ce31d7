/**
 * A channel with its peers: the real contract behind Fabric's semantics, an orderer that cuts blocks, and peers that take
 * them in at their own pace. What is endorsed may be ordered late, twice or never: that is for the sender to arrange.
 */
import '../support/quietChaincode.js';
import { contracts } from '@consilium/contract';
import { LEDGER_EVENT, type LedgerEvent, type Msp } from '@consilium/domain';
import {
  type Committed,
  type Endorsed,
  type Proposal,
  type Refused,
  SimulatedLedger,
} from '../support/simulatedLedger.js';
import type { Random } from './random.js';
import type { Scheduler } from './scheduler.js';

export const CHANNEL = 'consilium';
const BATCH_MS = 50;
const BATCH_MESSAGES_MAX = 50;

export type Write = Readonly<{ key: string; value: unknown }>;
export type Block = Readonly<{ number: number; writes: readonly Write[]; transactions: readonly Committed[] }>;

type Peer = { msp: Msp; height: number; isUp: boolean; lagMs: number; clockOffsetMs: number; isBusy: boolean };

export type Endorsement =
  | Readonly<{ kind: 'endorsed'; endorsed: Endorsed }>
  /** The own peer's refusal is final; others' may be of yesterday. */
  | Readonly<{ kind: 'refused'; error: string; isFinal: boolean }>
  | Readonly<{ kind: 'unavailable'; reason: string }>;

/** What a mutation may change of the channel, to show that the properties see it. */
export type ChannelMutation = Readonly<{ change?: (endorsed: Endorsed) => Endorsed }>;

export class ChannelNetwork {
  readonly ledger = new SimulatedLedger({ channel: CHANNEL, contracts });
  readonly blocks: Block[] = [];
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  readonly #mutation: ChannelMutation;
  readonly #peers: ReadonlyMap<Msp, Peer>;
  readonly #listeners: ((block: Block) => void)[] = [];
  readonly #deliveries: ((msp: Msp) => void)[] = [];
  readonly #fates = new Map<string, Committed>();
  #batch: Endorsed[] = [];

  constructor(scheduler: Scheduler, random: Random, members: readonly Msp[], mutation: ChannelMutation = {}) {
    this.#scheduler = scheduler;
    this.#random = random;
    this.#mutation = mutation;
    this.#peers = new Map(
      members.map((msp) => [msp, { msp, height: 0, isUp: true, lagMs: 0, clockOffsetMs: 0, isBusy: false }]),
    );
  }

  peer(msp: Msp): Peer {
    const peer = this.#peers.get(msp);
    if (!peer) throw new RangeError(`no peer of ${msp}`);
    return peer;
  }

  /** Tells of every block as it is cut, before any peer has it. */
  onBlock(listener: (block: Block) => void): void {
    this.#listeners.push(listener);
  }

  /** Tells whose peer has taken in a block. */
  onDelivery(listener: (msp: Msp) => void): void {
    this.#deliveries.push(listener);
  }

  setUp(msp: Msp, isUp: boolean): void {
    const peer = this.peer(msp);
    peer.isUp = isUp;
    if (isUp) this.#deliver(peer);
  }

  /** What became of a transaction, as far as a peer of this hospital knows. */
  fate(msp: Msp, txId: string): Committed | undefined {
    const fate = this.#fates.get(txId);
    return fate && fate.block < this.peer(msp).height ? fate : undefined;
  }

  /** Asks the own peer, then others in some order, until a majority has answered alike. */
  async endorse(proposal: Proposal, own: Msp): Promise<Endorsement> {
    const peer = this.peer(own);
    if (!peer.isUp) return { kind: 'unavailable', reason: 'the own peer is down' };
    const answers = new Map<string, Promise<Endorsed | Refused>>();
    const ask = async ({ height, clockOffsetMs }: Peer) => {
      // Peers of one height with clocks alike answer alike: they are asked once.
      const key = `${height} ${clockOffsetMs}`;
      const answer = answers.get(key) ?? this.#simulate(proposal, height, clockOffsetMs);
      answers.set(key, answer);
      return answer;
    };
    const first = await ask(peer);
    if (!first.ok) return { kind: 'refused', error: first.error, isFinal: true };
    const needed = Math.floor(this.#peers.size / 2) + 1;
    const others = this.#random.shuffled([...this.#peers.values()].filter((other) => other !== peer && other.isUp));
    if (others.length + 1 < needed) return { kind: 'unavailable', reason: 'no combination of peers can be derived' };
    let alike = 1;
    let refused: string | undefined;
    for (const other of others) {
      if (alike === needed) break;
      const answer = await ask(other);
      if (answer.fingerprint === first.fingerprint) alike += 1;
      else if (!answer.ok) refused = answer.error;
    }
    if (alike >= needed) return { kind: 'endorsed', endorsed: first };
    if (refused !== undefined) return { kind: 'refused', error: refused, isFinal: false };
    return { kind: 'unavailable', reason: 'ProposalResponsePayloads do not match' };
  }

  /** Hands an endorsed transaction to the orderer. */
  order(endorsed: Endorsed): void {
    this.#batch.push(this.#mutation.change?.(endorsed) ?? endorsed);
    if (this.#batch.length >= BATCH_MESSAGES_MAX) this.#cut();
    else if (this.#batch.length === 1) this.#scheduler.after(BATCH_MS, () => this.#cut());
  }

  #simulate(proposal: Proposal, height: number, clockOffsetMs: number): Promise<Endorsed | Refused> {
    return this.ledger.simulate(proposal, { height, clockMs: EPOCH_MS + this.#scheduler.now + clockOffsetMs });
  }

  #cut(): void {
    if (this.#batch.length === 0) return;
    const transactions = this.ledger.validateAndCommit(this.#batch);
    this.#batch = [];
    const writes = transactions.flatMap(({ event }) =>
      event?.name === LEDGER_EVENT ? (JSON.parse(event.payload) as LedgerEvent).writes : [],
    );
    const block: Block = { number: this.blocks.length, writes, transactions };
    this.blocks.push(block);
    for (const transaction of transactions)
      if (!this.#fates.has(transaction.txId)) this.#fates.set(transaction.txId, transaction);
    for (const listener of this.#listeners) listener(block);
    for (const peer of this.#peers.values()) this.#deliver(peer);
  }

  /** A peer takes in one block after the other. */
  #deliver(peer: Peer): void {
    if (peer.isBusy || !peer.isUp || peer.height >= this.blocks.length) return;
    peer.isBusy = true;
    this.#scheduler.after(this.#random.between(1, 6) + peer.lagMs, () => {
      peer.isBusy = false;
      if (!peer.isUp) return;
      peer.height += 1;
      for (const listener of this.#deliveries) listener(peer.msp);
      this.#deliver(peer);
    });
  }
}

/** When the runs' hospitals believe to live. */
export const EPOCH_MS = Date.UTC(2026, 0, 1);
