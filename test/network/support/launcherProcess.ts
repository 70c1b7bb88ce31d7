import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const LAUNCHER = resolve(import.meta.dirname, '../../../network/dist/main.js');
const UP_MS_MAX = 60_000;
const POLL_MS = 50;

/** What one command of the launcher said, and how it ended. */
export interface Said {
  readonly code: number | null;
  readonly out: string;
  readonly error: string;
}

interface Addresses {
  readonly channel: string;
  readonly setupSeconds: number;
  readonly gateways: readonly {
    readonly msp: string;
    readonly apiUrl: string;
    readonly caFile: string;
    readonly people: Readonly<Record<string, { readonly tokenFile: string }>>;
  }[];
}

interface Part {
  readonly owner: string;
  readonly name: string;
  readonly state: string;
  readonly restarts: number;
  readonly process?: { readonly pid: number };
}

/** A home folder with a topology beside it, driven through the launcher's commands as a person would. */
export class LauncherProcess {
  readonly folder = mkdtempSync(join(tmpdir(), 'launcher-'));
  readonly home = join(this.folder, 'home');
  readonly topology = join(this.folder, 'topology.json');
  #foreground: ChildProcess | undefined;

  constructor(hospitals: readonly string[]) {
    writeFileSync(join(this.folder, 'rows.csv'), 'age,label\n61,1\n44,0\n');
    const data = { file: 'rows.csv' };
    writeFileSync(this.topology, JSON.stringify({ hospitals: hospitals.map((name) => ({ name, data })) }));
  }

  /** Runs one command to its end. */
  async run(command: string, ...args: string[]): Promise<Said> {
    const child = this.#spawn(command, args);
    const said = collect(child);
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, ...said() };
  }

  /** Starts the network in the foreground and waits until it is up. */
  async start(): Promise<Addresses> {
    const child = this.#spawn('start', ['--topology', this.topology]);
    this.#foreground = child;
    const said = collect(child);
    const deadline = Date.now() + UP_MS_MAX;
    while (!/The network is up/.test(said().out)) {
      if (child.exitCode !== null || Date.now() > deadline) throw new Error(`not up: ${said().out}${said().error}`);
      await pause(POLL_MS);
    }
    return this.addresses();
  }

  addresses(): Addresses {
    return JSON.parse(readFileSync(join(this.home, 'addresses.json'), 'utf8')) as Addresses;
  }

  get hasAddresses(): boolean {
    return existsSync(join(this.home, 'addresses.json'));
  }

  /** Sends a signal to the launcher in the foreground, and waits for its end. Resolves to its exit code. */
  async signal(name: NodeJS.Signals): Promise<number | null> {
    const child = this.#foreground;
    if (child === undefined) throw new Error('nothing runs in the foreground');
    const exit = once(child, 'exit');
    child.kill(name);
    return (await exit)[0] as number | null;
  }

  async parts(): Promise<Part[]> {
    const { out } = await this.run('status', '--json');
    return (JSON.parse(out) as { parts: Part[] }).parts;
  }

  async pids(): Promise<number[]> {
    return (await this.parts()).flatMap(({ process }) => process?.pid ?? []);
  }

  /** Ends whatever still runs and deletes the folder. */
  async dispose(): Promise<void> {
    await this.run('stop');
    rmSync(this.folder, { recursive: true, force: true });
  }

  #spawn(command: string, args: readonly string[]): ChildProcess {
    const environment = { ...process.env, CONSILIUM_HOME: this.home };
    return spawn(process.execPath, [LAUNCHER, command, ...args], {
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }
}

/** Whether a process runs, one that has ended and waits to be reaped not counted. */
export function runs(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

function collect(child: ChildProcess): () => { out: string; error: string } {
  let out = '';
  let error = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    error += chunk.toString();
  });
  return () => ({ out, error });
}
