/**
 * A channel in one process, with Fabric's semantics and the real contract: a transaction is simulated on one peer's state
 * (which may lag) and yields a read-write set; a block is validated in order, and what read something stale is invalid.
 *
 * ```ts
 * const ledger = new SimulatedLedger({ channel: 'consilium', contracts });      // contracts of @consilium/contract
 * const creator = { msp: 'ClevelandMSP', role: 'admin', id: 'admin' };
 * const proposal = { transaction: 'HospitalContract:registerHospital', argument: JSON.stringify(command), creator, txId: 't1', timestampMs: 0 };
 * const simulation = await ledger.simulate(proposal, { height: ledger.height, clockMs: 0 });   // once for each endorsing peer
 * if (simulation.ok) ledger.validateAndCommit([simulation]);                                   // [{ txId: 't1', code: 'VALID', … }]
 * ledger.read('hospital~ClevelandMSP');                                                        // the JSON text, or undefined
 * ```
 *
 * Endorsements agree where their `fingerprint` is equal; how many are needed is the caller's business. Whoever wants a
 * transaction that is late, lost or sent twice keeps the simulation and commits it when it likes, or again.
 */
import { type ChaincodeEvent, type PrivateWrite, type ReadWriteSet, SimulatedStub } from './simulatedStub.js';
import { type Entry, isSameVersion, VersionedState } from './versionedState.js';

export type Creator = Readonly<{ msp: string; role: string | null; id: string }>;

export type Proposal = Readonly<{
  /** Such as `RoundContract:joinRound`. */
  transaction: string;
  /** The command as JSON. */
  argument: string;
  creator: Creator;
  txId: string;
  /** The client's clock. */
  timestampMs: number;
  /** Transient data by name: it reaches the endorsing peer, and no block. */
  transient?: Readonly<Record<string, string>>;
}>;

/** The endorsing peer: what it has committed, its own clock, and its hospital; absent: the creator's own. */
export type Endorser = Readonly<{ height?: number; clockMs?: number; msp?: string }>;

export type Endorsed = Readonly<{
  ok: true;
  txId: string;
  readWriteSet: ReadWriteSet;
  /** What goes into collections of private data; absent: nothing. */
  privateWrites?: readonly PrivateWrite[];
  event: ChaincodeEvent | null;
  response: string;
  /** Equal where two peers would have signed the same bytes. */
  fingerprint: string;
}>;
export type Refused = Readonly<{
  ok: false;
  txId: string;
  error: string;
  /** What the contract had written when it refused. Fabric throws it away; a contract that decides first has none. */
  writes: ReadWriteSet['writes'];
  fingerprint: string;
}>;

export type ValidationCode = 'VALID' | 'MVCC_READ_CONFLICT' | 'PHANTOM_READ_CONFLICT' | 'DUPLICATE_TXID';
export type Committed = Readonly<{
  txId: string;
  block: number;
  code: ValidationCode;
  /** Of a valid transaction only. */
  event: ChaincodeEvent | null;
}>;

type Context = { stub: unknown; clientIdentity: unknown; now: () => number };
type ContractClass = new () => { getName(): string; createContext(): unknown };
type Contract = InstanceType<ContractClass> & Record<string, (context: Context, argument: string) => Promise<string>>;

export class SimulatedLedger {
  readonly #channel: string;
  readonly #contracts: ReadonlyMap<string, Contract>;
  readonly #state = new VersionedState();
  readonly #committed = new Set<string>();
  readonly #private = new Map<string, string>();
  #height = 0;

  constructor(options: Readonly<{ channel: string; contracts: readonly ContractClass[] }>) {
    this.#channel = options.channel;
    const contracts = options.contracts.map((contractClass) => new contractClass() as Contract);
    this.#contracts = new Map(contracts.map((contract) => [contract.getName(), contract]));
  }

  /** Names of all that the contract offers, such as `RoundContract:joinRound`. */
  transactions(): string[] {
    return [...this.#contracts].flatMap(([name, contract]) => declaredBy(contract).map((own) => `${name}:${own}`));
  }

  /** Blocks committed. */
  get height(): number {
    return this.#height;
  }

  /** The value under a key on a peer of this height; absent: on one that is up to date. */
  read(key: string, height = this.#height): string | undefined {
    return this.#state.read(key, height)?.value;
  }

  /** Entries with keys in `[start, end)` on a peer of this height. */
  range(start: string, end: string, height = this.#height): Entry[] {
    return this.#state.range(start, end, height);
  }

  /** What the hospital of a collection holds there under a key. */
  readPrivate(collection: string, key: string): string | undefined {
    return this.#private.get(`${collection} ${key}`);
  }

  /** Runs the contract on one peer. What it writes is seen by nobody until it is committed. */
  async simulate(proposal: Proposal, endorser: Endorser = {}): Promise<Endorsed | Refused> {
    const { txId, timestampMs, transient, creator } = proposal;
    const stub = new SimulatedStub(
      this.#state,
      endorser.height ?? this.#height,
      { txId, channel: this.#channel, timestampMs, transient },
      { msp: endorser.msp ?? creator.msp, privateValue: (collection, key) => this.readPrivate(collection, key) },
    );
    try {
      const response = await this.#invoke(proposal, stub, endorser.clockMs ?? timestampMs);
      const [readWriteSet, event] = [stub.readWriteSet(), stub.event()];
      const fingerprint = JSON.stringify([readWriteSet, event, response]);
      const endorsed: Endorsed = { ok: true, txId, readWriteSet, event, response, fingerprint };
      const privateWrites = stub.privateWrites();
      return privateWrites.length > 0 ? { ...endorsed, privateWrites } : endorsed;
    } catch (error) {
      const text = error instanceof Error ? error.message : String((error as { message?: unknown }).message);
      return { ok: false, txId, error: text, writes: stub.readWriteSet().writes, fingerprint: text };
    }
  }

  /** Cuts a block. Its transactions are judged in order, each against the state with what valid ones before it wrote. */
  validateAndCommit(
    transactions: readonly Pick<Endorsed, 'txId' | 'readWriteSet' | 'privateWrites' | 'event'>[],
  ): Committed[] {
    const block = this.#height;
    const results = transactions.map(({ txId, readWriteSet, privateWrites = [], event }, transaction): Committed => {
      const code = this.#judge(txId, readWriteSet);
      if (code !== 'DUPLICATE_TXID') this.#committed.add(txId);
      if (code === 'VALID')
        for (const { key, value } of readWriteSet.writes) this.#state.write(key, value, { block, transaction });
      if (code === 'VALID') this.#keepPrivate(privateWrites);
      return { txId, block, code, event: code === 'VALID' ? event : null };
    });
    this.#height += 1;
    return results;
  }

  #keepPrivate(writes: readonly PrivateWrite[]): void {
    for (const { collection, key, value } of writes)
      if (value === null) this.#private.delete(`${collection} ${key}`);
      else this.#private.set(`${collection} ${key}`, value);
  }

  #judge(txId: string, { reads, ranges }: ReadWriteSet): ValidationCode {
    if (this.#committed.has(txId)) return 'DUPLICATE_TXID';
    // The block being judged counts: what its earlier transactions wrote stands at height + 1.
    const height = this.#height + 1;
    for (const { key, version } of reads)
      if (!isSameVersion(this.#state.read(key, height)?.version ?? null, version)) return 'MVCC_READ_CONFLICT';
    for (const range of ranges) {
      const end = range.exhausted ? range.end : `${range.end}\u0000`;
      const met = this.#state.range(range.start, end, height);
      const same =
        met.length === range.reads.length &&
        met.every(({ key, version }, k) => {
          const read = range.reads[k];
          return read?.key === key && isSameVersion(read.version, version);
        });
      if (!same) return 'PHANTOM_READ_CONFLICT';
    }
    return 'VALID';
  }

  async #invoke({ transaction, argument, creator }: Proposal, stub: SimulatedStub, clockMs: number): Promise<string> {
    const [contractName = '', name = ''] = transaction.split(':');
    const contract = this.#contracts.get(contractName);
    if (!contract) throw new Error(`Contract name is not known: ${contractName}`);
    if (!declaredBy(contract).includes(name))
      throw new Error(`You've asked to invoke a function that does not exist: ${name}`);
    const context = contract.createContext() as Context;
    context.stub = stub;
    context.clientIdentity = {
      getMSPID: () => creator.msp,
      getID: () => creator.id,
      getAttributeValue: (attribute: string) => (attribute === 'consilium.role' ? creator.role : null),
    };
    context.now = () => clockMs;
    return (contract[name] as Contract[string])(context, argument);
  }
}

/** What a contract declares to be a transaction: its other methods cannot be called from outside. */
function declaredBy(contract: object): string[] {
  const declared = Reflect.getMetadata('fabric:transactions', contract) as { name: string }[];
  return declared.map(({ name }) => name);
}
