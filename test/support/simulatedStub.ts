/**
 * What a transaction sees of a peer, with Fabric's semantics: it reads what was committed when it began (its own writes
 * too are invisible to it), and all that it read and wrote is noted for the validation at commit.
 */
import type { Version, VersionedState } from './versionedState.js';

export type ReadWriteSet = Readonly<{
  /** Null stands for a key that was not there. */
  reads: readonly Readonly<{ key: string; version: Version | null }>[];
  /** `end` is exclusive; where the reader stopped early (`exhausted` false), `end` is the last key read, inclusive. */
  ranges: readonly Readonly<{
    start: string;
    end: string;
    exhausted: boolean;
    reads: readonly Readonly<{ key: string; version: Version }>[];
  }>[];
  writes: readonly Readonly<{ key: string; value: string }>[];
}>;

/** What a transaction puts into a collection of private data; null purges. It stands in no block. */
export type PrivateWrite = Readonly<{ collection: string; key: string; value: string | null }>;

/** Of the peer that endorses: its hospital, and the private data that it holds, by collection and key. */
export type SimulatedPeer = Readonly<{
  msp: string;
  privateValue: (collection: string, key: string) => string | undefined;
}>;

export type ChaincodeEvent = Readonly<{ name: string; payload: string }>;

type RangeRead = { start: string; end: string; exhausted: boolean; reads: { key: string; version: Version }[] };

const decoder = new TextDecoder();
const byKey = (a: { key: string }, b: { key: string }) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);

type StubProposal = Readonly<{
  txId: string;
  channel: string;
  timestampMs: number;
  /** Transient data by name: it reaches the endorsing peer, and no block. */
  transient?: Readonly<Record<string, string>> | undefined;
}>;

/** The part of fabric-shim's ChaincodeStub that the contract uses; anything else is not there and throws. */
export class SimulatedStub {
  readonly #state: VersionedState;
  readonly #height: number;
  readonly #proposal: StubProposal;
  readonly #peer: SimulatedPeer;
  readonly #reads = new Map<string, Version | null>();
  readonly #ranges: RangeRead[] = [];
  readonly #writes = new Map<string, string>();
  readonly #privateWrites: PrivateWrite[] = [];
  #event: ChaincodeEvent | null = null;

  constructor(state: VersionedState, height: number, proposal: StubProposal, peer: SimulatedPeer) {
    this.#state = state;
    this.#height = height;
    this.#proposal = proposal;
    this.#peer = peer;
  }

  /** The hospital of the peer that endorses. */
  getMspID(): string {
    return this.#peer.msp;
  }

  getTransient(): Map<string, Uint8Array> {
    return new Map(Object.entries(this.#proposal.transient ?? {}).map(([name, text]) => [name, Buffer.from(text)]));
  }

  async getPrivateData(collection: string, key: string): Promise<Uint8Array> {
    this.#requireHeld(collection);
    return Buffer.from(this.#peer.privateValue(collection, key) ?? '');
  }

  async putPrivateData(collection: string, key: string, value: Uint8Array): Promise<void> {
    this.#privateWrites.push({ collection, key, value: decoder.decode(value) });
  }

  async purgePrivateData(collection: string, key: string): Promise<void> {
    this.#privateWrites.push({ collection, key, value: null });
  }

  privateWrites(): readonly PrivateWrite[] {
    return this.#privateWrites;
  }

  /** Another hospital's peer knows hashes alone. */
  #requireHeld(collection: string): void {
    if (collection !== `_implicit_org_${this.#peer.msp}`)
      throw new Error('private data matching public hash version is not available');
  }

  getTxID(): string {
    return this.#proposal.txId;
  }

  getChannelID(): string {
    return this.#proposal.channel;
  }

  /** The client's clock, in milliseconds as the real one. */
  getDateTimestamp(): Date {
    return new Date(this.#proposal.timestampMs);
  }

  async getState(key: string): Promise<Uint8Array> {
    const entry = this.#state.read(key, this.#height);
    this.#reads.set(key, entry?.version ?? null);
    return Buffer.from(entry?.value ?? '');
  }

  async putState(key: string, value: Uint8Array): Promise<void> {
    this.#writes.set(key, decoder.decode(value));
  }

  async *getStateByRange(start: string, end: string): AsyncGenerator<{ key: string; value: Uint8Array }> {
    const range: RangeRead = { start, end, exhausted: false, reads: [] };
    this.#ranges.push(range);
    for (const entry of this.#state.range(start, end, this.#height)) {
      range.reads.push({ key: entry.key, version: entry.version });
      yield { key: entry.key, value: Buffer.from(entry.value) };
    }
    range.exhausted = true;
  }

  /**
   * A page of a range, as Fabric reads it: not beyond its last key. The bookmark is the key after it, '' at the end. Of an
   * empty page the library gives no metadata.
   */
  async getStateByRangeWithPagination(start: string, end: string, pageSize: number) {
    const entries = [...this.#state.range(start, end, this.#height)];
    const page = entries.slice(0, pageSize);
    const reads = page.map(({ key, version }) => ({ key, version }));
    this.#ranges.push({ start, end, exhausted: page.length < pageSize, reads });
    const results = page.map(({ key, value }) => ({ key, value: Buffer.from(value) })).values();
    const iterator = { next: async () => results.next(), close: async () => {} };
    if (page.length === 0) return { iterator };
    return { iterator, metadata: { fetchedRecordsCount: page.length, bookmark: entries[pageSize]?.key ?? '' } };
  }

  /** The last event set is the one that the transaction carries. */
  setEvent(name: string, payload: Uint8Array): void {
    if (name === '') throw new Error('Event name must be a non-empty string');
    this.#event = { name, payload: decoder.decode(payload) };
  }

  event(): ChaincodeEvent | null {
    return this.#event;
  }

  readWriteSet(): ReadWriteSet {
    return {
      reads: [...this.#reads].map(([key, version]) => ({ key, version })).sort(byKey),
      ranges: this.#ranges.map((range) => ({
        ...range,
        end: range.exhausted ? range.end : (range.reads.at(-1)?.key ?? range.start),
      })),
      writes: [...this.#writes].map(([key, value]) => ({ key, value })).sort(byKey),
    };
  }
}
