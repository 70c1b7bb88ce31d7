/** Batches of events that stay at home: their roots go to the channel, their leaves are kept to prove each event. */
import {
  type ConsentBatch,
  type ConsentEventInput,
  type ConsentRef,
  consentLeaf,
  type Digest,
  keyRange,
  ledgerKey,
  type Msp,
  merkleProof,
  merkleRoot,
} from '@consilium/domain';
import type { Database } from '@consilium/sqlite';
import type { ConsentLedger } from './consentPorts.js';
import { nodeSha256 } from './nodeSha256.js';

export type KeptBatch = Readonly<{
  number: number;
  root: Digest;
  count: number;
  policyVersion: number;
  restricts: boolean;
  person: string;
  state: 'waiting' | 'committed';
}>;

type Row = Omit<KeptBatch, 'restricts' | 'policyVersion'> & { restricts: number; policy_version: number };

export type BatchMember = Readonly<{ event: number; input: ConsentEventInput }>;

export class RootBatches {
  readonly #ledger: ConsentLedger;
  readonly #msp: Msp;
  readonly #statements;

  constructor(database: Database, ledger: ConsentLedger, msp: Msp) {
    this.#ledger = ledger;
    this.#msp = msp;
    this.#statements = {
      last: database.prepare('SELECT max(number) AS number FROM batch'),
      add: database.prepare(
        "INSERT INTO batch (number, root, count, policy_version, restricts, person, state) VALUES (?, ?, ?, ?, ?, ?, 'waiting')",
      ),
      leaf: database.prepare('INSERT INTO batch_leaf (batch, position, event, hash) VALUES (?, ?, ?, ?)'),
      waiting: database.prepare("SELECT * FROM batch WHERE state = 'waiting' ORDER BY number LIMIT 1"),
      get: database.prepare('SELECT * FROM batch WHERE number = ?'),
      commit: database.prepare("UPDATE batch SET state = 'committed' WHERE number = ?"),
      leaves: database.prepare('SELECT event, hash FROM batch_leaf WHERE batch = ? ORDER BY position'),
      refs: database.prepare('SELECT DISTINCT ref FROM event WHERE batch = ?'),
      members: database.prepare(
        'SELECT e.ref, l.event, l.hash FROM batch_leaf l LEFT JOIN event e ON e.id = l.event WHERE l.batch = ? ORDER BY l.position',
      ),
      ofEvent: database.prepare('SELECT position FROM batch_leaf WHERE batch = ? AND event = ?'),
      renumber: ['batch SET number', 'batch_leaf SET batch', 'event SET batch'].map((what) =>
        database.prepare(`UPDATE ${what} = ? WHERE ${what.split(' ').at(-1)} = ?`),
      ),
      takeOver: database.prepare("UPDATE batch SET person = ? WHERE person = ? AND state = 'waiting'"),
    };
  }

  /** Makes a batch of events under one policy. Within the transaction that takes them out of the queue. */
  make(members: readonly BatchMember[], policyVersion: number, restricts: boolean, person: string): KeptBatch {
    const number = this.#next();
    const leaves = members.map(({ input }) => consentLeaf(input, nodeSha256));
    const root = merkleRoot(leaves, nodeSha256);
    this.#statements.add.run(number, root, members.length, policyVersion, restricts ? 1 : 0, person);
    for (const [position, { event }] of members.entries())
      this.#statements.leaf.run(number, position, event, Buffer.from(leaves[position] as Digest, 'hex'));
    return { number, root, count: members.length, policyVersion, restricts, person, state: 'waiting' };
  }

  /** The next one that goes to the channel. */
  waiting(): KeptBatch | undefined {
    const row = this.#statements.waiting.get() as Row | undefined;
    return row && keptBatch(row);
  }

  get(number: number): KeptBatch | undefined {
    const row = this.#statements.get.get(number) as Row | undefined;
    return row && keptBatch(row);
  }

  commit(number: number): void {
    this.#statements.commit.run(number);
  }

  /** Its number is another batch's on the channel: it takes the next one that is free. */
  renumber(number: number): void {
    const next = this.#next();
    for (const statement of this.#statements.renumber) statement.run(next, number);
  }

  takeOver(from: string, by: string): number {
    return Number(this.#statements.takeOver.run(by, from).changes);
  }

  /** Records that a batch has events of. */
  refsOf(number: number): ConsentRef[] {
    return (this.#statements.refs.all(number) as { ref: ConsentRef }[]).map(({ ref }) => ref);
  }

  /** A batch's leaves in their order; `ref` is null where the record was erased. */
  membersOf(number: number): { ref: ConsentRef | null; event: number; hash: Digest }[] {
    const rows = this.#statements.members.all(number) as { ref: ConsentRef | null; event: number; hash: Uint8Array }[];
    return rows.map(({ hash, ...row }) => ({ ...row, hash: Buffer.from(hash).toString('hex') as Digest }));
  }

  /** Ids of a batch's events, in the order of its leaves. */
  eventsOf(number: number): number[] {
    return (this.#statements.leaves.all(number) as { event: number }[]).map(({ event }) => event);
  }

  /** What proves an event of a batch: its place, and the nodes beside its way to the root. */
  pathOf(number: number, event: number): Readonly<{ index: number; path: readonly Digest[] }> | undefined {
    const row = this.#statements.ofEvent.get(number, event) as { position: number } | undefined;
    if (!row) return undefined;
    const leaves = this.#statements.leaves.all(number) as { hash: Uint8Array }[];
    const hashes = leaves.map(({ hash }) => Buffer.from(hash).toString('hex') as Digest);
    const { index, path } = merkleProof(hashes, row.position, nodeSha256);
    return { index, path };
  }

  /** The last batch on the channel that restricts and is not this store's; -1: none. */
  unknown(): number {
    const restricting = this.#notHere().findLast(({ restricts }) => restricts);
    return restricting?.batch ?? -1;
  }

  /** How many batches on the channel are not this store's. */
  missing(): number {
    return this.#notHere().length;
  }

  #notHere(): ConsentBatch[] {
    const { start, end } = keyRange('consentroot', this.#msp);
    const batches = this.#ledger.range(start, end).map(({ value }) => value as ConsentBatch);
    return batches.filter(({ batch, root }) => this.get(batch)?.root !== root);
  }

  /** After the last one here and on the channel, which may know more than a store that was restored. */
  #next(): number {
    const { number } = this.#statements.last.get() as { number: number | null };
    let next = (number ?? -1) + 1;
    while (this.#ledger.get(ledgerKey.consentRoot(this.#msp, next)) !== undefined) next += 1;
    return next;
  }
}

function keptBatch({ policy_version: policyVersion, restricts, ...row }: Row): KeptBatch {
  return { ...row, policyVersion, restricts: restricts === 1 };
}
