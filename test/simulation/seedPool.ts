/** Runs seeds in processes of their own, one for each core: they are started once, and each does one order at a time. */
import { type ChildProcess, fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { SeedOrder, SeedReport } from './seedReport.js';

const PROCESSES_MAX = 8;

export class SeedPool {
  readonly #processes: readonly SeedProcess[];
  readonly #idle: SeedProcess[];
  readonly #waiting: ((process: SeedProcess) => void)[] = [];

  constructor() {
    const count = Math.min(PROCESSES_MAX, availableParallelism());
    this.#processes = Array.from({ length: count }, () => new SeedProcess());
    this.#idle = [...this.#processes];
  }

  /**
   * Carries out an order in one process, once one is free.
   * @returns a report for each seed that was run
   */
  async run(order: SeedOrder): Promise<SeedReport[]> {
    const free = this.#idle.pop() ?? (await new Promise<SeedProcess>((resolve) => this.#waiting.push(resolve)));
    try {
      return await free.run(order);
    } finally {
      const next = this.#waiting.shift();
      if (next) next(free);
      else this.#idle.push(free);
    }
  }

  /** The order's seeds spread over all processes; the reports in the order of seeds. */
  async runEverywhere(order: SeedOrder): Promise<SeedReport[]> {
    const parts = this.#processes.length;
    const shares = Array.from({ length: parts }, (_, part) => order.seeds.filter((_seed, k) => k % parts === part));
    const reports = await Promise.all(shares.map((seeds) => this.run({ ...order, seeds })));
    return reports.flat().sort((a, b) => a.seed - b.seed);
  }

  close(): void {
    for (const process of this.#processes) process.end();
  }
}

class SeedProcess {
  readonly #child: ChildProcess;
  #complaints = '';
  #isEnding = false;

  constructor() {
    this.#child = fork(fileURLToPath(new URL('./seedsProcess.ts', import.meta.url)), [], {
      execArgv: [
        '--disable-warning=ExperimentalWarning',
        '--import',
        new URL('./typescript.mjs', import.meta.url).href,
      ],
      env: { ...process.env, NODE_OPTIONS: '' },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#child.stderr?.on('data', (text: Buffer) => {
      this.#complaints += text.toString();
    });
  }

  run(order: SeedOrder): Promise<SeedReport[]> {
    const child = this.#child;
    const reports: SeedReport[] = [];
    return new Promise((resolve, reject) => {
      const ended = () => reject(new Error(`a process that runs seeds has ended:\n${this.#complaints}`));
      const told = (message: SeedReport | 'done') => {
        if (message !== 'done') return void reports.push(message);
        child.off('message', told);
        child.off('exit', ended);
        resolve(reports);
      };
      if (child.exitCode !== null || this.#isEnding) return ended();
      child.on('message', told);
      child.on('exit', ended);
      child.send(order);
    });
  }

  end(): void {
    this.#isEnding = true;
    this.#child.kill();
  }
}
