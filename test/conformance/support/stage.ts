import { createPrivateKey } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Client, credentials as channelCredentials } from '@grpc/grpc-js';
import { type ConnectOptions, connect, type Gateway, hash, signers } from '@hyperledger/fabric-gateway';
import { common } from '@hyperledger/fabric-protos';
import { untilAcquainted, untilMissed } from './acquaintance.js';
import { Caller } from './caller.js';
import type { ChannelUnderTest, HospitalUnderTest } from './channelUnderTest.js';
import { CLEVELAND, HUNGARY, SWITZERLAND, VA } from './hospitals.js';
import type { Credentials, PersonOptions } from './people.js';

const SETTLE_MS_MAX = 90_000;
const SETTLE_POLL_MS = 10;
const MESSAGE_BYTES_MAX = 100 * 1024 * 1024;

/** How somebody connects who is not simply a person of the hospital whose gateway it is. */
export interface ConnectionOptions {
  readonly client?: Client;
  /** The organisation that the person names, where it is not the gateway's. */
  readonly claims?: string;
  /** A key that is not the certificate's; null for a client that signs elsewhere. */
  readonly key?: string | null;
  readonly calls?: Partial<ConnectOptions>;
}

/** Everything that cases work with: a channel, and a person at each of its hospitals. */
export class Stage {
  readonly channel: string;
  readonly chaincode: string;
  readonly version: string;
  readonly packageId: string;
  readonly cleveland: Caller;
  readonly hungary: Caller;
  readonly switzerland: Caller;
  readonly va: Caller;
  /** An administrator at each hospital's peer, in the order of the callers. */
  readonly admins: readonly Caller[];
  /** The person who calls at Cleveland. */
  readonly alice: Credentials;
  readonly #under: ChannelUnderTest;
  readonly #clients: Client[] = [];
  readonly #gateways: Gateway[] = [];

  private constructor(
    under: ChannelUnderTest,
    people: ReadonlyMap<string, Credentials>,
    admins: ReadonlyMap<string, Credentials>,
  ) {
    this.#under = under;
    this.channel = under.channel;
    this.chaincode = under.chaincode;
    this.version = under.version;
    this.packageId = under.packageId;
    const callerAt = (msp: string) => this.caller(msp, people.get(msp) as Credentials);
    this.cleveland = callerAt(CLEVELAND);
    this.hungary = callerAt(HUNGARY);
    this.switzerland = callerAt(SWITZERLAND);
    this.va = callerAt(VA);
    this.alice = people.get(CLEVELAND) as Credentials;
    this.admins = [...admins].map(([msp, credentials]) => this.caller(msp, credentials));
  }

  static async create(under: ChannelUnderTest): Promise<Stage> {
    const issued = (name: string, options?: PersonOptions) =>
      Promise.all(under.hospitals.map(async ({ msp, people }) => [msp, await people.issue(name, options)] as const));
    const [people, admins] = await Promise.all([issued('alice'), issued('admin', { unit: 'admin' })]);
    return new Stage(under, new Map(people), new Map(admins));
  }

  get callers(): readonly Caller[] {
    return [this.cleveland, this.hungary, this.switzerland, this.va];
  }

  hospital(msp: string): HospitalUnderTest {
    return this.#under.hospitals.find((each) => each.msp === msp) as HospitalUnderTest;
  }

  async person(msp: string, name: string, options?: PersonOptions): Promise<Credentials> {
    return await this.hospital(msp).people.issue(name, options);
  }

  /** Does something while the chaincode processes of some hospitals are away. */
  async withoutChaincode<Result>(hospitals: readonly string[], run: () => Promise<Result>): Promise<Result> {
    await Promise.all(hospitals.map((msp) => this.#under.stopChaincode(msp)));
    try {
      await untilMissed(this.cleveland, hospitals);
      return await run();
    } finally {
      await Promise.all(hospitals.map((msp) => this.#under.startChaincode(msp)));
      await untilAcquainted(this.callers);
    }
  }

  /** A new connection to a hospital's peer. */
  client(msp: string, options: { readonly endpoint?: string; readonly insecure?: boolean } = {}): Client {
    const { endpoint, tlsRoot } = this.hospital(msp);
    const security = options.insecure ? channelCredentials.createInsecure() : channelCredentials.createSsl(tlsRoot);
    const client = new Client(options.endpoint ?? endpoint, security, {
      'grpc.max_receive_message_length': MESSAGE_BYTES_MAX,
      'grpc.max_send_message_length': MESSAGE_BYTES_MAX,
      'grpc.use_local_subchannel_pool': 1,
    });
    this.#clients.push(client);
    return client;
  }

  /** Fabric's own client library as a person at a hospital's peer. */
  gateway(msp: string, person: Credentials, options: ConnectionOptions = {}): Gateway {
    const key = options.key === undefined ? person.key : options.key;
    const gateway = connect({
      client: options.client ?? this.client(msp),
      hash: hash.sha256,
      identity: { mspId: options.claims ?? msp, credentials: Buffer.from(person.certificate) },
      ...(key === null ? {} : { signer: signers.newPrivateKeySigner(createPrivateKey(key)) }),
      ...options.calls,
    });
    this.#gateways.push(gateway);
    return gateway;
  }

  caller(msp: string, person: Credentials, options: ConnectionOptions = {}): Caller {
    const { channel, chaincode } = this;
    const gateway = this.gateway(msp, person, options);
    return new Caller({ msp: options.claims ?? msp, gateway, channel, chaincode, settle: () => this.settle() });
  }

  /**
   * Waits until every peer has committed the same blocks: peers of a real network lag behind each other for moments, and
   * answers would depend on them.
   */
  async settle(): Promise<void> {
    const deadline = Date.now() + SETTLE_MS_MAX;
    for (;;) {
      const heights = await Promise.all(this.callers.map((each) => this.height(each)));
      if (new Set(heights).size === 1) return;
      if (Date.now() > deadline) throw new Error(`the peers stay apart: ${heights.join(', ')}`);
      await pause(SETTLE_POLL_MS);
    }
  }

  /** Waits until every peer has so many blocks. */
  async untilHeight(height: number): Promise<void> {
    const deadline = Date.now() + SETTLE_MS_MAX;
    while ((await this.height(this.cleveland)) < height) {
      if (Date.now() > deadline) throw new Error(`no block ${height - 1} comes`);
      await pause(SETTLE_POLL_MS);
    }
    await this.settle();
  }

  /** Takes a certificate back, at every peer. */
  async revoke(certificate: string): Promise<void> {
    await this.#under.revoke(certificate);
    await this.settle();
  }

  /** PEM of the authorities behind every hospital's TLS certificates. */
  get tlsRoots(): Buffer {
    return Buffer.concat(this.#under.hospitals.map((each) => each.tlsRoot));
  }

  /** Blocks that a caller's own peer has committed. */
  async height(caller: Caller): Promise<number> {
    const system = caller.network.getContract('qscc');
    const bytes = await system.evaluate('GetChainInfo', {
      arguments: [this.channel],
      endorsingOrganizations: [caller.msp],
    });
    return common.BlockchainInfo.deserializeBinary(bytes).getHeight();
  }

  async close(): Promise<void> {
    for (const gateway of this.#gateways) gateway.close();
    for (const client of this.#clients) client.close();
    await this.#under.close();
  }
}
