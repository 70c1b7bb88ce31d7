/** Two hospitals of a running network and their people, for the tests of the REST interface. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { GatewayClient } from '@consilium/client';
import type { ProtocolInput } from '../../chaincode/domain/src/testing/exampleProtocol.js';
import { LauncherProcess } from '../network/support/launcherProcess.js';

const GATEWAY = resolve(import.meta.dirname, '../../gateway/dist/main.js');
const UP_MS_MAX = 90_000;
const ROWS = 60;

export const CLEVELAND = 'ClevelandMSP';
export const HUNGARY = 'HungaryMSP';

/** A study over the rows below that is over in a moment. */
export const PROTOCOL: ProtocolInput = {
  schemaVersion: 1,
  title: 'Synthetic rows of a test',
  members: [CLEVELAND, HUNGARY],
  publicData: true,
  mode: 'open',
  metrics: 'open',
  columns: [{ kind: 'number', name: 'age', unit: 'years', min: 0, max: 120 }],
  label: { kind: 'binary', column: 'label', positive: { equals: '1' } },
  standardisation: 'federated',
  split: { kind: 'hash', testShare: 0.3 },
  validationShare: 0,
  model: { kind: 'logistic-regression' },
  seed: 7,
  engine: 'wasm',
  training: { steps: 5, batchSize: 8, optimiser: { kind: 'sgd', learningRate: 0.1 } },
  aggregation: {},
  trainingRounds: 2,
};

export class TwoHospitals {
  readonly #launcher = new LauncherProcess(['Cleveland', 'Hungary']);
  readonly #clients: GatewayClient[] = [];
  readonly #gateways: ChildProcess[] = [];

  async start(): Promise<void> {
    // The older, the likelier: a model finds it. No patient stands behind a row.
    const rows = Array.from({ length: ROWS }, (_, k) => `${30 + k},${(k * 7) % 60 < k ? 1 : 0}`);
    writeFileSync(join(this.#launcher.folder, 'rows.csv'), ['age,label', ...rows, ''].join('\n'));
    await this.#launcher.start();
  }

  as(msp: string, role: string, token = this.token(msp, role)): GatewayClient {
    const { apiUrl, caFile } = this.#gateway(msp);
    return this.#client(apiUrl, caFile, token);
  }

  token(msp: string, role: string): string {
    return readFileSync(this.#gateway(msp).people[role]?.tokenFile ?? '', 'utf8').trim();
  }

  /** Files of a hospital, as the launcher lays them out. */
  file(msp: string, ...path: string[]): string {
    return join(this.#launcher.home, 'hospitals', msp, ...path);
  }

  configuration(msp: string): Record<string, unknown> & { readyFile: string } {
    return JSON.parse(readFileSync(this.file(msp, 'gateway.json'), 'utf8'));
  }

  /** A connection file like the hospital's own, to another address. */
  writeConnection(msp: string, endpoint: string): string {
    const connection = JSON.parse(readFileSync(this.file(msp, 'connection.json'), 'utf8'));
    const file = join(this.#launcher.folder, 'connection.json');
    writeFileSync(file, JSON.stringify({ ...connection, peer: { ...connection.peer, endpoint } }));
    return file;
  }

  /** Starts another gateway of a hospital, with changes to its configuration and an empty home. */
  startGateway(msp: string, name: string, changes: Readonly<Record<string, unknown>>): StartedGateway {
    const folder = join(this.#launcher.folder, name);
    mkdirSync(folder);
    const readyFile = join(folder, 'ready.json');
    const { api, exchange, ...own } = this.configuration(msp);
    const anywhere = { listen: 'localhost:0' };
    const configuration = {
      ...own,
      api: { ...(api as object), ...anywhere },
      exchange: { ...(exchange as object), ...anywhere },
      home: join(folder, 'home'),
      readyFile,
      ...changes,
    };
    const file = join(folder, 'gateway.json');
    writeFileSync(file, JSON.stringify(configuration));
    const child = spawn(process.execPath, [GATEWAY, '--config', file], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#gateways.push(child);
    return new StartedGateway(
      child,
      readyFile,
      (role) => (apiUrl) => this.#client(apiUrl, this.#gateway(msp).caFile, this.token(msp, role)),
    );
  }

  async stop(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
    for (const gateway of this.#gateways) if (gateway.exitCode === null) gateway.kill('SIGKILL');
    await this.#launcher.dispose();
  }

  #gateway(msp: string) {
    const found = this.#launcher.addresses().gateways.find((gateway) => gateway.msp === msp);
    if (!found) throw new Error(`no gateway of ${msp}`);
    return found;
  }

  #client(url: string, caFile: string, token: string): GatewayClient {
    const made = new GatewayClient({ url, caFile, token });
    this.#clients.push(made);
    return made;
  }
}

/** A gateway process that a test started beside the network's. */
export class StartedGateway {
  readonly #child: ChildProcess;
  readonly #readyFile: string;
  readonly #clientAs: (role: string) => (apiUrl: string) => GatewayClient;
  output = '';

  constructor(child: ChildProcess, readyFile: string, clientAs: (role: string) => (apiUrl: string) => GatewayClient) {
    this.#child = child;
    this.#readyFile = readyFile;
    this.#clientAs = clientAs;
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk) => {
        this.output += String(chunk);
      });
  }

  /** Resolves to milliseconds from the start of the process until it was ready. */
  async ready(): Promise<number> {
    const started = performance.now();
    while (!existsSync(this.#readyFile)) {
      if (this.#child.exitCode !== null || performance.now() - started > UP_MS_MAX)
        throw new Error(`the gateway did not come up: ${this.output}`);
      await pause(5);
    }
    return performance.now() - started;
  }

  as(role: string): GatewayClient {
    const { apiUrl } = JSON.parse(readFileSync(this.#readyFile, 'utf8')) as { apiUrl: string };
    return this.#clientAs(role)(apiUrl);
  }

  /** The exit code of a process that still runs, after a signal where one is given. */
  async exit(signal?: NodeJS.Signals): Promise<number | null> {
    const closed = once(this.#child, 'close'); // after its last output
    if (signal) this.#child.kill(signal);
    return (await closed)[0] as number | null;
  }
}
