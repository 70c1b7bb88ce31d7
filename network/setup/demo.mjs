import { join } from 'node:path';
import { BackgroundNetwork } from './backgroundNetwork.mjs';
import { runInForeground } from './child.mjs';
import { homeFolder, NETWORK, ROOT } from './paths.mjs';

const DEMO = join(ROOT, 'network', 'demo', 'dist', 'main.js');
const INTERRUPTED_EXIT_CODE = 130; // 128 + SIGINT, as shells have it

/** Options that both programs know; the topology reaches the launcher through what `prepare` wrote. */
const SHARED_OPTIONS = ['--channel', '--engine', '--fresh'];
/** Options of `npm start` that only the launcher knows. */
const LAUNCHER_OPTIONS = ['--detach', '--log-level', '--channel-only'];
const FLAGS = new Set(['--channel-only', '--detach', '--fresh', '--keep']);

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
 * The arguments that belong to some options, and those that do not.
 *
 * @param {readonly string[]} args
 * @param {readonly string[]} options
 * @returns {{ own: string[], others: string[] }}
 */
export function splitArguments(args, options) {
  /** @type {{ own: string[], others: string[] }} */
  const split = { own: [], others: [] };
  let isValueOf = '';
  for (const arg of args) {
    const name = isValueOf || arg.replace(/=.*$/, '');
    (options.includes(name) ? split.own : split.others).push(arg);
    isValueOf = !isValueOf && arg === name && name.startsWith('--') && !FLAGS.has(name) ? name : '';
  }
  return split;
}

/**
 * What each program of the demo is started with.
 *
 * @param {readonly string[]} args the user's
 * @param {NodeJS.ProcessEnv} environment
 * @returns {{ home: string, demo: string[], launcher: string[] }}
 */
export function programArguments(args, environment) {
  const home = homeFolder(environment, optionValue(args, '--home'));
  const { own: forLauncher, others } = splitArguments(args, LAUNCHER_OPTIONS);
  return {
    home,
    demo: [...splitArguments(others, ['--home']).others, '--home', home],
    launcher: [
      ...['--home', home, '--topology', join(home, 'topology.json')],
      ...splitArguments(others, SHARED_OPTIONS).own,
      ...forLauncher,
    ],
  };
}

/** @param {string} program @param {string[]} args */
function node(program, args) {
  return runInForeground(process.execPath, [program, ...args]);
}

/** @param {readonly string[]} args */
function isHelp(args) {
  return args.includes('--help') || args.includes('-h');
}

/**
 * `npm start`: writes the topology, then the launcher stays in the foreground until Ctrl-C.
 *
 * @param {string[]} args
 */
export async function startNetwork(args) {
  if (isHelp(args)) return node(NETWORK, ['start', '--help']);
  const { demo, launcher } = programArguments(args, process.env);
  const prepared = await node(DEMO, ['prepare', '--network-only', ...demo]);
  return prepared === 0 ? node(NETWORK, ['start', ...launcher]) : prepared;
}

/**
 * `npm run demo`: prepare the hospitals' files and the topology, bring the network up, play the people, and stop what
 * was started unless `--keep` says otherwise.
 *
 * @param {string[]} args
 * @returns {Promise<number>} exit code of the first program that failed, else 0
 */
export async function runDemo(args) {
  if (isHelp(args)) return node(DEMO, ['run', '--help']);
  const { home, demo, launcher } = programArguments(args, process.env);
  const prepared = await node(DEMO, ['prepare', ...demo]);
  if (prepared !== 0) return prepared;

  process.stdout.write('Starting the network.\n');
  const network = new BackgroundNetwork(home, launcher);
  let exitCode = 1;
  try {
    if (await network.isUp()) exitCode = await node(DEMO, ['run', ...demo]);
  } finally {
    if (args.includes('--keep') && exitCode === 0) network.leaveRunning();
    else await network.stop();
  }
  return network.isInterrupted ? INTERRUPTED_EXIT_CODE : exitCode;
}
