import { join } from 'node:path';
import { runSilently } from './child.mjs';
import { ROOT } from './paths.mjs';

const STEP_MS_MAX = 10 * 60_000;

/**
 * What `npm run check` looks at. The build before it has already checked the types of the programs themselves.
 *
 * @type {readonly { name: string, program: string, args: string[], remedy: string }[]}
 */
const STEPS = [
  { name: 'types', program: 'typescript/bin/tsc', args: ['-p', 'test/tsconfig.json', '--pretty', 'false'], remedy: '' },
  {
    name: 'lint and format',
    program: '@biomejs/biome/bin/biome',
    args: ['check', '--error-on-warnings', '--no-errors-on-unmatched', '--colors=off', '.'],
    remedy: 'Much of it is corrected by: npx biome check --write .',
  },
  {
    name: 'import rules, cycles, names',
    program: 'dependency-cruiser/bin/dependency-cruise.mjs',
    args: ['--config', '.dependency-cruiser.cjs', 'chaincode', 'gateway', 'network', 'test'],
    remedy: 'Who may import whom is written in .dependency-cruiser.cjs.',
  },
  { name: 'unused code', program: 'knip/bin/knip.js', args: ['--no-progress'], remedy: '' },
];

/**
 * Runs the steps one after another, tells about each in one line, and shows the output of those that fail.
 *
 * @param {string[]} args names of steps to run alone, or none for all
 * @returns {Promise<number>} exit code: 1 if a step failed or none ran
 */
export async function check(args) {
  const steps = STEPS.filter(({ name }) => args.length === 0 || args.some((arg) => name.includes(arg)));
  let failures = steps.length === 0 ? 1 : 0;
  for (const { name, program, args: own, remedy } of steps) {
    const startedMs = Date.now();
    const result = await runSilently(process.execPath, [join(ROOT, 'node_modules', program), ...own], {
      cwd: ROOT,
      timeoutMs: STEP_MS_MAX,
    });
    const seconds = ((Date.now() - startedMs) / 1000).toFixed(1);
    process.stdout.write(`check: ${name} ${result.ok ? 'ok' : 'FAILED'} (${seconds} s)\n`);
    if (result.ok) continue;
    failures += 1;
    process.stdout.write(`${result.output}\n${remedy ? `${remedy}\n` : ''}`);
  }
  return failures === 0 ? 0 : 1;
}
