import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runInForeground } from './child.mjs';
import { homeFolder, ROOT } from './paths.mjs';

const DEMO = join(ROOT, 'network', 'demo', 'dist', 'main.js');
const NETWORK = join(ROOT, 'network', 'dist', 'main.js');

/** From the first process to the last gateway that answers; 20 hospitals on a slow machine included. */
const START_MS_MAX = 5 * 60_000;
const STOP_MS_MAX = 60_000;
const POLL_MS = 50;
const LOG_LINES_SHOWN = 15;

/** The user's arguments that the network's launcher wants too. The topology reaches it through what `prepare` wrote. */
const LAUNCHER_OPTIONS = new Set(['--engine']);
const LAUNCHER_FLAGS = new Set(['--fresh']);

/**
 * Picks the value of an option out of the user's arguments: `--home DIR` or `--home=DIR`; the last one counts.
 *
 * @param {readonly string[]} args
 * @param {string} option
 * @returns {string | undefined}
 */
export function optionValue(args, option) {
  let value;
  for (const [index, arg] of args.entries()) {
    if (arg === option) value = args[index + 1];
    else if (arg.startsWith(`${option}=`)) value = arg.slice(option.length + 1);
  }
  return value;
}

/**
 * What the launcher is started with.
 *
 * @param {readonly string[]} args the user's
 * @param {string} home
 * @returns {string[]}
 */
export function launcherArguments(args, home) {
  const own = ['--home', home, '--topology', join(home, 'topology.json')];
  for (const option of LAUNCHER_OPTIONS) {
    const value = optionValue(args, option);
    if (value !== undefined) own.push(option, value);
  }
  return [...own, ...[...LAUNCHER_FLAGS].filter((flag) => args.includes(flag))];
}

/**
 * The user's arguments with the home folder made explicit, for both programs of the demo.
 *
 * @param {readonly string[]} args
 */
function withHome(args) {
  const home = homeFolder(process.env, optionValue(args, '--home'));
  return { home, own: optionValue(args, '--home') === undefined ? [...args, '--home', home] : [...args] };
}

/** @param {string} program @param {string[]} args @param {NodeJS.ProcessEnv} [env] */
function node(program, args, env = process.env) {
  return runInForeground(process.execPath, [program, ...args], { env });
}

/**
 * `npm start`: writes the topology, then the launcher stays in the foreground until Ctrl-C.
 *
 * @param {string[]} args
 */
export async function startNetwork(args) {
  if (args.includes('--help') || args.includes('-h')) return node(NETWORK, ['start', '--help']);
  const { home, own } = withHome(args);
  const prepared = await node(DEMO, ['prepare', ...own]);
  return prepared === 0 ? node(NETWORK, ['start', ...launcherArguments(args, home)]) : prepared;
}

/**
 * `npm run demo`: prepare the hospitals' files and the topology, bring the network up, play the people, and stop what
 * was started unless `--keep` says otherwise.
 *
 * @param {string[]} args
 * @returns {Promise<number>} exit code of the first program that failed, else 0
 */
export async function runDemo(args) {
  if (args.includes('--help') || args.includes('-h')) return node(DEMO, ['run', '--help']);
  const { home, own } = withHome(args);
  const prepared = await node(DEMO, ['prepare', ...own]);
  if (prepared !== 0) return prepared;

  const startedMs = Date.now();
  const launcher = launch(args, home);
  let exitCode = 1;
  try {
    if (!(await launcher.isUp())) return 1;
    const setupSeconds = (Date.now() - startedMs) / 1000;
    process.stdout.write(`The network is up after ${setupSeconds.toFixed(1)} s.\n`);
    // The program cannot see how long its network took to come up, and its report names the figure.
    exitCode = await node(DEMO, ['run', ...own], { ...process.env, CONSILIUM_SETUP_SECONDS: setupSeconds.toFixed(2) });
  } finally {
    if (args.includes('--keep') && exitCode === 0) launcher.leaveRunning();
    else await launcher.stop();
  }
  return exitCode;
}

/**
 * Starts the launcher in a session of its own: Ctrl-C must end the demo first and the network after it, and with
 * `--keep` the network outlives this process.
 *
 * @param {string[]} args
 * @param {string} home
 */
function launch(args, home) {
  mkdirSync(home, { recursive: true });
  const addresses = join(home, 'addresses.json');
  const before = fingerprint(addresses);
  const logFile = join(home, 'network.log');
  const log = openSync(logFile, 'w', 0o600);
  const child = spawn(process.execPath, [NETWORK, 'start', ...launcherArguments(args, home)], {
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  let isEnded = false;
  const ended = new Promise((resolve) => {
    const end = () => {
      isEnded = true;
      resolve(undefined);
    };
    child.once('close', end).once('error', end);
  });
  let isInterrupted = false;
  const onSignal = () => {
    isInterrupted = true;
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);

  return {
    async isUp() {
      const deadlineMs = Date.now() + START_MS_MAX;
      while (!isEnded && !isInterrupted && Date.now() < deadlineMs) {
        const now = fingerprint(addresses);
        if (now !== undefined && now !== before) return true;
        await sleep(POLL_MS);
      }
      if (!isInterrupted) {
        const tail = readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-LOG_LINES_SHOWN).join('\n');
        process.stderr.write(
          `The network did not come up${isEnded ? '' : ' in time'}. The end of ${logFile}:\n${tail}\n`,
        );
      }
      return false;
    },
    leaveRunning() {
      child.unref();
      process.stdout.write('The network stays up; `npm stop` ends it.\n');
    },
    async stop() {
      if (!isEnded) child.kill('SIGTERM');
      const inTime = await Promise.race([ended.then(() => true), sleep(STOP_MS_MAX, false, { ref: false })]);
      if (!inTime) {
        process.stderr.write(
          `The network did not stop within ${STOP_MS_MAX / 1000} s and is killed; see ${logFile}.\n`,
        );
        child.kill('SIGKILL');
      }
      process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
    },
  };
}

/** Tells a newly written file from the one of an earlier run. @param {string} file */
function fingerprint(file) {
  const stats = statSync(file, { throwIfNoEntry: false });
  return stats && `${stats.ino} ${stats.mtimeMs}`;
}
