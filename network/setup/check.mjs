import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { projectFolders } from './build.mjs';
import { runSilently } from './child.mjs';
import { ROOT } from './paths.mjs';

const STEP_MS_MAX = 10 * 60_000;

/**
 * Folders with code of ours, without build output.
 *
 * @param {string} root
 * @returns {string[]} relative to the root
 */
export function sourceFolders(root) {
  const folders = [...projectFolders(root).map((project) => `${project}/src`), 'network/setup', 'test'];
  return folders.filter((folder) => existsSync(join(root, folder)));
}

/**
 * What `npm run check` looks at. The build before it has already checked the types of the programs themselves.
 *
 * @param {string} root
 * @returns {{ name: string, program: string, args: string[], remedy?: string }[]}
 */
function stepsFor(root) {
  return [
    { name: 'types', program: 'typescript/bin/tsc', args: ['-p', 'test/tsconfig.json', '--pretty', 'false'] },
    {
      name: 'lint and format',
      program: '@biomejs/biome/bin/biome',
      args: ['check', '--error-on-warnings', '--no-errors-on-unmatched', '--colors=off', '.'],
      remedy: 'Much of it is corrected by: npx biome check --write .',
    },
    {
      name: 'import rules, cycles, names',
      program: 'dependency-cruiser/bin/dependency-cruise.mjs',
      args: ['--config', '.dependency-cruiser.cjs', ...sourceFolders(root)],
      remedy: 'Who may import whom is written in .dependency-cruiser.cjs.',
    },
    { name: 'unused code', program: 'knip/bin/knip.js', args: ['--no-progress'] },
  ];
}

/**
 * Runs the steps one after another, tells about each in one line, and shows the output of those that fail.
 *
 * @param {string[]} args parts of the names of the steps to run alone, or none for all
 * @param {string} root folder with the code and the rules; the programs are always this clone's own
 * @param {(text: string) => void} print
 * @returns {Promise<number>} exit code: 1 if a step failed or none ran
 */
export async function check(args, root = ROOT, print = (text) => process.stdout.write(text)) {
  const steps = stepsFor(root).filter(({ name }) => args.length === 0 || args.some((arg) => name.includes(arg)));
  let failures = 0;
  for (const { name, program, args: own, remedy } of steps) {
    const startedMs = Date.now();
    const result = await runSilently(process.execPath, [join(ROOT, 'node_modules', program), ...own], {
      cwd: root,
      timeoutMs: STEP_MS_MAX,
    });
    const seconds = ((Date.now() - startedMs) / 1000).toFixed(1);
    print(`check: ${name} ${result.ok ? 'ok' : 'FAILED'} (${seconds} s)\n`);
    if (result.ok) continue;
    failures += 1;
    print(`${[result.output, remedy].filter(Boolean).join('\n')}\n`);
  }
  return failures === 0 && steps.length > 0 ? 0 : 1;
}
