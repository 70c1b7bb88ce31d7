import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { check } from './check.mjs';
import { runInForeground } from './child.mjs';
import { conformance } from './conformance.mjs';
import { runDemo, startNetwork } from './demo.mjs';
import { NETWORK, ROOT } from './paths.mjs';
import { say, setUp } from './setUp.mjs';
import { closingLine, test } from './test.mjs';

const BENCH = join(ROOT, 'test', 'bench', 'main.mjs');

/**
 * @typedef {object} Verb
 * @property {string} says one line for the overview
 * @property {'all' | 'no engine' | 'if never built'} wants what set-up has to have done before
 * @property {(args: string[]) => Promise<number>} run answers with the exit code
 */

/** @type {Record<string, Verb>} */
const VERBS = {
  demo: { says: 'four hospitals train one model, with a table at the end', wants: 'all', run: runDemo },
  start: { says: 'bring the same network up and leave it running', wants: 'all', run: startNetwork },
  stop: { says: 'stop it', wants: 'if never built', run: network('stop') },
  status: { says: 'what is running', wants: 'if never built', run: network('status') },
  logs: { says: 'what the processes have logged', wants: 'if never built', run: network('logs') },
  channel: { says: 'look at blocks and state; revoke CERT', wants: 'if never built', run: network('channel') },
  rebuild: { says: "compute the peers' state again from the blocks", wants: 'if never built', run: network('rebuild') },
  build: { says: 'install and build what is due', wants: 'all', run: async () => 0 },
  check: { says: 'types, lint, format, import rules, cycles, unused code', wants: 'no engine', run: check },
  test: { says: 'every test; -- --only PROJECT, a path, --seeds N', wants: 'all', run: test },
  conformance: {
    says: 'the embedded channel against real Fabric, live or recorded',
    wants: 'no engine',
    run: conformance,
  },
  bench: { says: 'measure and print the figures', wants: 'all', run: (args) => node(BENCH, args) },
};

/** @param {string} verb */
function network(verb) {
  return (/** @type {string[]} */ args) => node(NETWORK, [verb, ...args]);
}

/** @param {string} program @param {string[]} args */
function node(program, args) {
  return runInForeground(process.execPath, [program, ...args]);
}

/**
 * @param {string} name one of the verbs
 * @param {string[]} args the user's, as they are
 * @returns {Promise<number>} the exit code
 */
export async function runVerb(name, args) {
  const verb = VERBS[name];
  if (!verb) {
    const lines = Object.entries(VERBS).map(([key, { says }]) => `  npm run ${key.padEnd(13)}${says}`);
    process.stderr.write(`${name ? `There is no verb ${name}. ` : ''}The verbs are:\n${lines.join('\n')}\n`);
    return 1;
  }
  const isHelp = args.includes('--help') || args.includes('-h');
  if (verb.wants !== 'if never built' || !existsSync(NETWORK)) {
    try {
      await setUp(ROOT, process.env, { withEngine: verb.wants === 'all' && !isHelp });
    } catch (error) {
      if (name !== 'test') throw error;
      // A run that cannot even be set up is a failed run, and CI reads its closing line.
      process.stderr.write(`${/** @type {Error} */ (error).message}\n`);
      process.stdout.write(`\n${closingLine({ passed: 0, failed: 1, skipped: 0 })}\n`);
      return 1;
    }
  }
  if (name === 'build') say('everything is built');
  return verb.run(args);
}
