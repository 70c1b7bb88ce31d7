import { type ChildProcess, spawn } from 'node:child_process';
import { createPrivateKey, randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Ports } from '@consilium/network/ports';
import { Client, credentials } from '@grpc/grpc-js';
import { connect, type Gateway, hash, signers } from '@hyperledger/fabric-gateway';
import { type Credentials, TestHospital } from './identities.js';

/** Names used by every test network. */
export const CHANNEL = 'testchannel';
export const CHAINCODE = 'demo';
export const PACKAGE_ID = `demo:${'ab'.repeat(32)}`;
export const CHAINCODE_VERSION = 'cd'.repeat(32);

const REPOSITORY = resolve(import.meta.dirname, '../../..');
const UP_MS_MAX = 90_000;
const EXIT_MS_MAX = 30_000;
const CALL_MS_MAX = 60_000;
const KEEPALIVE_MS = 1_000;
/** A busy machine answers late. */
const KEEPALIVE_ANSWER_MS_MAX = 10_000;

/** A chaincode process of one hospital. */
interface RunningChaincode {
  readonly port: number;
  process: ChildProcess | undefined;
}

/** Hospitals with a chaincode process each, and the embedded channel as a process of its own: the real thing. */
export class EmbeddedNetwork {
  readonly hospitals: readonly TestHospital[];
  readonly root: string;
  readonly #chaincodes = new Map<string, RunningChaincode>();
  readonly #clients: Client[] = [];
  readonly #modulePath: string;
  #channel: ChildProcess | undefined;
  #peers: Record<string, string> = {};
  #output = '';

  private constructor(root: string, hospitals: readonly TestHospital[], modulePath: string) {
    this.root = root;
    this.hospitals = hospitals;
    this.#modulePath = modulePath;
  }

  /** Makes identities and folders; starts nothing yet. `modulePath` is the chaincode's, from the repository. */
  static async create(
    organizations: readonly string[],
    modulePath = 'test/network/chaincode',
  ): Promise<EmbeddedNetwork> {
    const root = mkdtempSync(join(tmpdir(), 'embedded-'));
    const hospitals = await Promise.all(organizations.map((msp) => TestHospital.create(root, msp)));
    const network = new EmbeddedNetwork(root, hospitals, modulePath);
    for (const { msp } of hospitals) network.#chaincodes.set(msp, { port: await freePort(), process: undefined });
    return network;
  }

  hospital(msp: string): TestHospital {
    return this.hospitals.find((each) => each.msp === msp) as TestHospital;
  }

  /** The channel's process id. */
  get pid(): number {
    return this.#channel?.pid as number;
  }

  /** What the channel's process has printed so far. */
  get output(): string {
    return this.#output;
  }

  endpoint(msp: string): string {
    return this.#peers[msp] as string;
  }

  /** Starts a hospital's chaincode process; `packageId` names another one than the channel expects. */
  startChaincode(msp: string, packageId = PACKAGE_ID): void {
    const running = this.#chaincodes.get(msp) as RunningChaincode;
    const { folder } = this.hospital(msp);
    const server = folder.tlsIdentity('chaincode');
    running.process = spawn(
      process.execPath,
      [
        'node_modules/fabric-shim/cli.js',
        'server',
        ...['--chaincode-address', `localhost:${running.port}`],
        ...['--chaincode-id', packageId],
        ...['--module-path', this.#modulePath],
        ...['--chaincode-tls-cert-file', server.certificate],
        ...['--chaincode-tls-key-file', server.key],
        ...['--chaincode-tls-client-cacert-file', join(folder.tls('chaincode'), 'ca.crt')],
      ],
      {
        cwd: REPOSITORY,
        env: { ...process.env, CORE_CHAINCODE_LOGGING_LEVEL: 'critical', CORE_PEER_LOCALMSPID: msp },
        stdio: 'ignore',
      },
    );
  }

  /** Ends a hospital's chaincode process at once. */
  async killChaincode(msp: string): Promise<void> {
    const running = this.#chaincodes.get(msp) as RunningChaincode;
    await end(running.process, 'SIGKILL');
    running.process = undefined;
  }

  /** Process id of a hospital's chaincode, for measurements. */
  chaincodePid(msp: string): number {
    return this.#chaincodes.get(msp)?.process?.pid as number;
  }

  /** Writes the channel's configuration; `change` may alter it. */
  writeConfig(change: (config: Record<string, unknown>) => void = () => {}): string {
    const config = {
      channel: CHANNEL,
      home: join(this.root, 'ledger'),
      batch: { timeoutMs: 50, messagesMax: 50 },
      chaincodes: [
        {
          name: CHAINCODE,
          version: CHAINCODE_VERSION,
          sequence: 1,
          packageId: PACKAGE_ID,
          endorsement: 'MAJORITY',
        },
      ],
      hospitals: this.hospitals.map(({ msp, folder }) => ({
        msp,
        mspDir: folder.msp,
        peer: { mspDir: folder.nodeMsp('peer'), tlsDir: folder.tls('peer'), listen: 'localhost:0' },
        chaincodes: {
          [CHAINCODE]: {
            address: `localhost:${this.#chaincodes.get(msp)?.port}`,
            tls: { dir: folder.tls('chaincode') },
          },
        },
      })),
      readyFile: join(this.root, `ready-${randomUUID()}.json`),
    };
    change(config);
    const file = join(this.root, 'embedded.json');
    writeFileSync(file, JSON.stringify(config));
    return file;
  }

  /** Starts the channel's process and waits until it is up. Rejects with what it printed when it ends instead. */
  async startChannel(change?: (config: Record<string, unknown>) => void): Promise<void> {
    const file = this.writeConfig(change);
    const { readyFile } = JSON.parse(readFileSync(file, 'utf8')) as { readyFile: string };
    this.#output = '';
    const child = spawn(process.execPath, ['network/embedded/dist/main.js', '--config', file], {
      cwd: REPOSITORY,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#channel = child;
    child.stdout.on('data', (text) => {
      this.#output += text;
    });
    child.stderr.on('data', (text) => {
      this.#output += text;
    });
    const deadline = Date.now() + UP_MS_MAX;
    while (!existsSync(readyFile)) {
      if (child.exitCode !== null || Date.now() > deadline) {
        await end(child, 'SIGKILL');
        throw new Error(`the channel did not come up: ${this.#output}`);
      }
      await pause(20);
    }
    this.#peers = (JSON.parse(readFileSync(readyFile, 'utf8')) as { peers: Record<string, string> }).peers;
  }

  /** Ends the channel's process: cleanly, or as if the power had gone. */
  async stopChannel(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<number | null> {
    const code = await end(this.#channel, signal);
    this.#channel = undefined;
    return code;
  }

  /** Everything up: chaincode processes first, then the channel, then every chaincode answers. */
  async start(): Promise<void> {
    for (const { msp } of this.hospitals) this.startChaincode(msp);
    await this.startChannel();
    for (const hospital of this.hospitals) await this.waitForChaincode(hospital.msp);
  }

  /** Waits until a hospital's chaincode answers through its own peer. */
  async waitForChaincode(msp: string): Promise<void> {
    const person = await this.hospital(msp).person('starter');
    const contract = this.gateway(msp, person).getNetwork(CHANNEL).getContract(CHAINCODE);
    const deadline = Date.now() + UP_MS_MAX;
    for (;;) {
      try {
        await contract.evaluate('org.hyperledger.fabric:GetMetadata', { endorsingOrganizations: [msp] });
        return;
      } catch (error) {
        if (Date.now() > deadline) throw error;
        await pause(50);
      }
    }
  }

  /** A gRPC client to a hospital's peer. */
  client(msp: string, options: { insecure?: boolean } = {}): Client {
    const secure = credentials.createSsl(this.hospital(msp).tlsRoot);
    const client = new Client(this.endpoint(msp), options.insecure ? credentials.createInsecure() : secure, {
      'grpc.max_receive_message_length': 100 * 1024 * 1024,
      'grpc.max_send_message_length': 100 * 1024 * 1024,
      'grpc.use_local_subchannel_pool': 1,
      // A killed peer's connection is not always seen to close while calls are running on it.
      'grpc.keepalive_time_ms': KEEPALIVE_MS,
      'grpc.keepalive_timeout_ms': KEEPALIVE_ANSWER_MS_MAX,
    });
    this.#clients.push(client);
    return client;
  }

  /** Fabric's own client library as a person, at a hospital's peer (`claims`: the organisation that it names). */
  gateway(msp: string, person: Credentials, options: { client?: Client; claims?: string; key?: string } = {}): Gateway {
    const deadline = () => ({ deadline: Date.now() + CALL_MS_MAX });
    return connect({
      evaluateOptions: deadline,
      endorseOptions: deadline,
      submitOptions: deadline,
      commitStatusOptions: deadline,
      client: options.client ?? this.client(msp),
      hash: hash.sha256,
      identity: { mspId: options.claims ?? msp, credentials: Buffer.from(person.certificate) },
      signer: signers.newPrivateKeySigner(createPrivateKey(options.key ?? person.key)),
    });
  }

  /** Ends everything that was started and removes the folder. */
  async close(): Promise<void> {
    for (const client of this.#clients) client.close();
    await end(this.#channel, 'SIGTERM');
    await Promise.all([...this.#chaincodes.values()].map((each) => end(each.process, 'SIGKILL')));
    rmSync(this.root, { recursive: true, force: true });
  }
}

async function end(child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<number | null> {
  if (!child) return null;
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const exited = new Promise<void>((resolved) => child.once('exit', () => resolved()));
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), EXIT_MS_MAX);
  await exited;
  clearTimeout(timer);
  return child.exitCode;
}

const ports = new Ports();

/** A port that nothing listens on, nor is given to anything that connects. */
export function freePort(): Promise<number> {
  return ports.choose({ part: 'a test' });
}
