import { openDatabase } from '@consilium/sqlite';
import { type ChaincodeDefinition, majorityParameter } from '../ledger/chaincodeDefinition.js';
import { ChainReader } from '../ledger/chainReader.js';
import { ChainStore } from '../ledger/chainStore.js';
import { PeerLedger } from '../ledger/peerLedger.js';
import { PrivateStore } from '../ledger/privateStore.js';
import { ReadWriteSetBuilder } from '../ledger/readWriteSetBuilder.js';
import { StateStore } from '../ledger/stateStore.js';
import { Membership } from '../membership/membership.js';
import { definitionTransaction } from '../peer/defineChaincode.js';
import type { SigningIdentity } from '../peer/signingIdentity.js';
import { dataHashOf } from '../wire/block.js';
import { genesisBlock } from '../wire/genesis.js';
import { ValidationCode } from '../wire/proto.js';
import { parseTransaction } from '../wire/transaction.js';
import { TestAuthority } from './testAuthority.js';
import { transactionOf } from './testProposal.js';

/** Channel of every ledger made here. */
export const TEST_CHANNEL = 'testchannel';
const CODE_NAMES = new Map(Object.entries(ValidationCode).map(([name, code]) => [code as number, name]));

/** Organisations A, B and C with a peer each, a client of A, and a chain in memory that defines the chaincode `demo`. */
export class TestLedger {
  readonly membership: Membership;
  readonly client: SigningIdentity;
  readonly peers: readonly SigningIdentity[];
  readonly store: ChainStore;
  readonly reader: ChainReader;

  private constructor(membership: Membership, client: SigningIdentity, peers: readonly SigningIdentity[]) {
    this.membership = membership;
    this.client = client;
    this.peers = peers;
    this.store = new ChainStore(openDatabase(':memory:'));
    this.reader = new ChainReader(this.store);
    this.store.append(genesisBlock(TEST_CHANNEL, membership), ['']);
  }

  static async create(): Promise<TestLedger> {
    const authorities = await Promise.all(['AMSP', 'BMSP', 'CMSP'].map((id) => TestAuthority.create(id)));
    const peers = await Promise.all(authorities.map((each) => each.signer({ name: 'peer', units: ['peer'] })));
    const client = await (authorities[0] as TestAuthority).signer({ name: 'alice' });
    return new TestLedger(new Membership(authorities.map((each) => each.msp())), client, peers);
  }

  /** The same organisations with a new, empty chain. */
  fresh(): TestLedger {
    return new TestLedger(this.membership, this.client, this.peers);
  }

  /** A peer's ledger over the chain, in memory, level with it. */
  async ledger(organization = 'AMSP'): Promise<PeerLedger> {
    const ledger = new PeerLedger({
      organization,
      channel: TEST_CHANNEL,
      chain: this.reader,
      state: new StateStore(openDatabase(':memory:')),
      privates: new PrivateStore(openDatabase(':memory:')),
      membership: this.membership,
    });
    await ledger.follow();
    return ledger;
  }

  /** Defines `demo` with the majority policy, or another one. */
  async define(ledger: PeerLedger, change: Partial<ChaincodeDefinition> = {}): Promise<void> {
    const definition = {
      name: 'demo',
      version: '1',
      sequence: 1,
      validationParameter: majorityParameter(),
      collections: Buffer.alloc(0),
      ...change,
    };
    const { envelope } = definitionTransaction(TEST_CHANNEL, definition, ledger.state, this.peers, Date.now());
    await this.commit(ledger, [envelope]);
  }

  /** Orders envelopes as one block and has it committed; answers the names of the verdicts. */
  async commit(ledger: PeerLedger, envelopes: readonly Buffer[]): Promise<string[]> {
    const number = this.append(envelopes);
    await ledger.follow();
    return [...(ledger.state.verdict(number)?.codes ?? [])].map((code) => CODE_NAMES.get(code) as string);
  }

  /** Orders envelopes as one block, without any peer committing it yet; answers its number. */
  append(envelopes: readonly Buffer[]): number {
    const number = this.store.height;
    const ids = envelopes.map((each) => parseTransaction(each).header?.transactionId ?? '');
    const block = {
      number,
      previousHash: this.store.lastHash,
      dataHash: dataHashOf(envelopes),
      envelopes,
      signatures: Buffer.alloc(0),
    };
    this.store.append(block, ids);
    return number;
  }

  /** A transaction of the client that does what `build` puts into its read-write set, endorsed by all peers. */
  transaction(build: (set: ReadWriteSetBuilder) => void, endorsers = this.peers): Buffer {
    const set = new ReadWriteSetBuilder();
    build(set);
    return transactionOf(this.client, { results: set.build().publicBytes, endorsers });
  }
}
