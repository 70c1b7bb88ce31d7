import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { check } from './check.mjs';
import { runInForeground } from './child.mjs';
import { optionValue } from './demo.mjs';
import { ROOT } from './paths.mjs';

const JEST = join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js');

/** The parts of a test run, in their order. A federation is many processes, which wait for one another half of their time. */
const PARALLEL_PROJECTS = ['unit', 'property', 'simulation'];
const NETWORK_PROJECTS = ['federation'];
const CHECK = 'check';
/** By itself jest leaves one core idle, which on two cores is half of them. */
const ALL_CORES = '--maxWorkers=100%';
/** Networks that run at the same time, whatever the cores: each needs some 2 GiB. */
const TWO_NETWORKS = '--maxWorkers=2';

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */

/**
 * @param {readonly string[]} args the user's
 * @returns {{ only: string[], seeds: string | undefined, rest: string[] }} `rest` goes to jest
 */
export function parseTestArguments(args) {
  const known = ['--only', '--seeds'];
  const rest = args.filter((arg, index) => {
    const isValue = known.includes(args[index - 1] ?? '');
    return !isValue && !known.some((option) => arg === option || arg.startsWith(`${option}=`));
  });
  const only = optionValue(args, '--only')?.split(',') ?? [];
  return { only, seeds: optionValue(args, '--seeds'), rest };
}

/**
 * Adds up jest's JSON result. A file that could not even be loaded counts as one failure.
 *
 * @param {{ numPassedTests: number, numFailedTests: number, numPendingTests: number, numTodoTests: number, numRuntimeErrorTestSuites: number }} result
 * @returns {Counts}
 */
export function countsOf(result) {
  return {
    passed: result.numPassedTests,
    failed: result.numFailedTests + result.numRuntimeErrorTestSuites,
    skipped: result.numPendingTests + result.numTodoTests,
  };
}

/**
 * The last line of a run, in the form that CI reads.
 *
 * @param {Counts} counts
 */
export function closingLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

/**
 * `npm test`: the check, then jest's projects. `--only unit,property` picks parts, `--seeds N` sets how many the
 * simulation runs, all else goes to jest (a path pattern, `-t NAME`).
 *
 * @param {string[]} args
 * @returns {Promise<number>} 1 if anything failed or no test ran
 */
export async function test(args) {
  const { only, seeds, rest } = parseTestArguments(args);
  const parts = [CHECK, ...PARALLEL_PROJECTS, ...NETWORK_PROJECTS];
  const unknown = only.filter((name) => !parts.includes(name));
  if (unknown.length > 0) throw new Error(`There is no part ${unknown.join(', ')}: --only takes ${parts.join(', ')}.`);
  if (seeds !== undefined && !/^[1-9]\d*$/.test(seeds)) throw new Error('--seeds takes a whole number from 1 up.');
  const isWanted = (/** @type {string} */ name) => only.length === 0 || only.includes(name);
  const env = seeds === undefined ? process.env : { ...process.env, CONSILIUM_SEEDS: seeds };

  /** @type {Counts[]} */
  const all = [];
  // A pattern for jest asks for those tests, not for the check.
  if (isWanted(CHECK) && (rest.length === 0 || only.includes(CHECK))) {
    const isGood = (await check([])) === 0;
    all.push({ passed: isGood ? 1 : 0, failed: isGood ? 0 : 1, skipped: 0 });
  }
  const parallel = PARALLEL_PROJECTS.filter(isWanted);
  if (parallel.length > 0) all.push(await runJest(parallel, [ALL_CORES, ...rest], env));
  const networks = NETWORK_PROJECTS.filter(isWanted);
  if (networks.length > 0) all.push(await runJest(networks, [TWO_NETWORKS, ...rest], env));

  const sum = (/** @type {keyof Counts} */ key) => all.reduce((total, counts) => total + counts[key], 0);
  const total = { passed: sum('passed'), failed: sum('failed'), skipped: sum('skipped') };
  if (total.passed + total.failed === 0) process.stdout.write('No test ran: is the pattern right?\n');
  process.stdout.write(`\n${closingLine(total)}\n`);
  return total.failed === 0 && total.passed > 0 ? 0 : 1;
}

/**
 * How jest is started. Projects come first: what follows the list up to the next option would be read as one more.
 *
 * @param {readonly string[]} projects
 * @param {readonly string[]} args the user's
 * @param {string} file for the result
 * @returns {string[]}
 */
export function jestArguments(projects, args, file) {
  return [
    ...['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', JEST],
    ...['--selectProjects', ...projects],
    ...['--passWithNoTests', '--json', `--outputFile=${file}`],
    ...args,
  ];
}

/**
 * @param {string[]} projects
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<Counts>}
 */
async function runJest(projects, args, env) {
  const folder = mkdtempSync(join(tmpdir(), 'consilium-test-'));
  try {
    const file = join(folder, 'result.json');
    const exitCode = await runInForeground(process.execPath, jestArguments(projects, args, file), { cwd: ROOT, env });
    const counts = countsOf(JSON.parse(readFileSync(file, 'utf8')));
    // Jest can fail without a failed test, by an open handle or a broken configuration for instance.
    return exitCode !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ENOENT') throw error;
    return { passed: 0, failed: 1, skipped: 0 }; // jest ended without a result
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
