import { execFile, spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** What the figures of others were measured with. */
const VERSION = '1.41.0';
const APP = fileURLToPath(new URL('./flower', import.meta.url));
const CLIENTS = 4;
const INSTALL_MS_MAX = 10 * 60_000;
const RUN_MS_MAX = 30 * 60_000;
const START_MS = 15_000;
const STOP_MS_MAX = 10_000;

const run = promisify(execFile);

/**
 * Flower's own deployment on loopback: a SuperLink, four SuperNodes with numpy clients, `flwr run`, SecAgg+ with four shares
 * of which three open. Everything in a temporary folder, with a Python environment of its own.
 */
export class FlowerDeployment {
  #folder;
  #started = [];

  constructor(folder) {
    this.#folder = folder;
  }

  /** @throws Error that says why: no Python, no registry */
  static async start(say) {
    const deployment = new FlowerDeployment(await mkdtemp(join(tmpdir(), 'consilium-flower-')));
    try {
      await deployment.#install(say);
      await deployment.#begin(say);
      return deployment;
    } catch (error) {
      await deployment.stop();
      throw error;
    }
  }

  /** Seconds of each round, and the largest error of the mean that it made. */
  async rounds(parameters, rounds) {
    const report = join(this.#folder, `report-${parameters}.json`);
    const config = `parameters=${parameters} rounds=${rounds} report="${report}"`;
    const app = join(this.#folder, 'app');
    const { stdout } = await run(this.#program('flwr'), ['run', app, 'bench', '--stream', '--run-config', config], {
      env: this.#environment(),
      timeout: RUN_MS_MAX,
      maxBuffer: 2 ** 26,
    });
    const text = await readFile(report, 'utf8').catch(() => undefined);
    const made = text === undefined ? [] : JSON.parse(text);
    if (made.length !== rounds)
      throw new Error(`${made.length} of ${rounds} rounds were done:\n${stdout.slice(-1_000)}`);
    return made;
  }

  async stop() {
    for (const child of this.#started.reverse()) {
      const ended = new Promise((resolve) => child.once('close', resolve));
      if (child.exitCode === null && child.kill('SIGTERM')) await Promise.race([ended, sleep(STOP_MS_MAX)]);
      if (child.exitCode === null) child.kill('SIGKILL');
    }
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #install(say) {
    say(`flwr ${VERSION} from PyPI`);
    const environment = join(this.#folder, 'python');
    await run('python3', ['-m', 'venv', environment], { timeout: INSTALL_MS_MAX });
    const pip = ['install', '--quiet', '--disable-pip-version-check', `flwr==${VERSION}`, 'numpy'];
    await run(join(environment, 'bin', 'pip'), pip, { timeout: INSTALL_MS_MAX });
  }

  async #begin(say) {
    say(`a SuperLink and ${CLIENTS} SuperNodes`);
    const [port, ...nodes] = await freePorts(1 + CLIENTS);
    const address = `127.0.0.1:${port}`;
    await mkdir(join(this.#folder, 'home'));
    const config = `[superlink]\ndefault = "bench"\n[superlink.bench]\naddress = "${address}"\ninsecure = true\n`;
    await writeFile(join(this.#folder, 'home', 'config.toml'), config);
    await cp(APP, join(this.#folder, 'app'), { recursive: true });
    this.#spawn('flower-superlink', ['--insecure', '--host', '127.0.0.1', '--port', String(port)]);
    await sleep(START_MS);
    for (const [k, nodePort] of nodes.entries()) {
      const node = ['--node-config', `partition-id=${k} num-partitions=${CLIENTS}`];
      this.#spawn('flower-supernode', ['--insecure', '--superlink', address, '--port', String(nodePort), ...node]);
    }
    await sleep(START_MS);
    const ended = this.#started.find(({ exitCode }) => exitCode !== null);
    if (ended) throw new Error(`${ended.spawnargs[0]} ended with ${ended.exitCode}`);
  }

  #program(name) {
    return join(this.#folder, 'python', 'bin', name);
  }

  #environment() {
    const path = `${join(this.#folder, 'python', 'bin')}:${process.env.PATH}`;
    return { ...process.env, PATH: path, FLWR_HOME: join(this.#folder, 'home'), FLWR_TELEMETRY_ENABLED: '0' };
  }

  #spawn(name, args) {
    this.#started.push(spawn(this.#program(name), args, { env: this.#environment(), stdio: 'ignore' }));
  }
}

/** Ports that nobody listens on now. */
async function freePorts(count) {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
