import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { runInForeground } from './child.mjs';
import { ROOT } from './paths.mjs';

const JEST = join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js');
const SUITE = join('test', 'conformance');
const COMMANDS = ['orderer', 'peer', 'configtxgen'];

/**
 * `npm run conformance`: real Fabric where its commands are there, then the embedded channel, each compared with the
 * golden file. `--record` writes that file from real Fabric's answers first.
 *
 * @param {readonly string[]} args the user's; what is not known goes to jest
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<number>} 1 if an answer differs
 */
export async function conformance(args, env = process.env) {
  const isRecording = args.includes('--record');
  const missing = missingCommands(env);
  if (isRecording && missing.length > 0) {
    throw new Error(`Only real Fabric's answers are recorded, and ${missing.join(', ')} cannot be started.`);
  }
  const rest = args.filter((each) => each !== '--record');
  const withRecord = isRecording ? { ...env, CONFORMANCE_RECORD: '1' } : env;
  // Real Fabric first: the embedded channel is then compared with what was recorded just now.
  const files = [...(missing.length === 0 ? ['fabric.test.ts'] : []), '(pairs|golden|embedded).test.ts'];
  let exitCode = 0;
  for (const file of files) exitCode = Math.max(exitCode, await runJest(file, rest, withRecord));
  if (missing.length > 0) process.stdout.write(`\n${skippedText(missing)}\n`);
  return exitCode;
}

/**
 * Fabric's commands that FABRIC_BIN_DIR, or else PATH, does not have.
 *
 * @param {NodeJS.ProcessEnv} env
 * @returns {string[]}
 */
export function missingCommands(env) {
  const folders = env.FABRIC_BIN_DIR ? [env.FABRIC_BIN_DIR] : (env.PATH ?? '').split(delimiter).filter(Boolean);
  return COMMANDS.filter((name) => !folders.some((folder) => isExecutable(join(folder, name))));
}

/** @param {readonly string[]} missing */
export function skippedText(missing) {
  return [
    '!!! REAL FABRIC WAS SKIPPED: the embedded channel was compared with recorded answers only.',
    `!!! Missing: ${missing.join(', ')}. Put Fabric 3.1's commands on PATH, or their folder into FABRIC_BIN_DIR:`,
    '!!! https://github.com/hyperledger/fabric/releases',
  ].join('\n');
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** @param {string} file @param {readonly string[]} args @param {NodeJS.ProcessEnv} env */
function runJest(file, args, env) {
  const options = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', JEST];
  return runInForeground(
    process.execPath,
    [...options, '--selectProjects', 'federation', '--runInBand', '--testPathPatterns', `${SUITE}/${file}`, ...args],
    { cwd: ROOT, env },
  );
}
