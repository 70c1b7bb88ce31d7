import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A demo that takes longer than this is ended and reported as failed. */
const DEMO_MS_MAX = 15 * 60_000;

/**
 * Runs `npm run demo` in a home of its own, as a user would, and gives its report and its seconds by the clock.
 * @param repository the checkout to run in
 * @param look reads what the demo left in its home, before that is removed: `seen` in the answer
 * @throws Error with the end of its output where it fails
 */
export async function runDemo(repository, args, env = {}, look = () => undefined) {
  const home = await mkdtemp(join(tmpdir(), 'consilium-bench-'));
  const report = join(home, 'report.json');
  const started = performance.now();
  try {
    const output = await npm(
      repository,
      ['run', 'demo', '--', '--home', join(home, 'home'), '--report', report, ...args],
      env,
    );
    const seconds = (performance.now() - started) / 1000;
    return { report: JSON.parse(await readFile(report, 'utf8')), seconds, output, seen: look(join(home, 'home')) };
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

function npm(cwd, args, env) {
  return new Promise((resolve, reject) => {
    const child = spawn('npm', args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const keep = (chunk) => {
      output += chunk;
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const timer = setTimeout(() => child.kill('SIGTERM'), DEMO_MS_MAX);
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      if (code === 0) resolve(output);
      else reject(new Error(`npm ${args.join(' ')} ended with ${code}:\n${output.slice(-2000)}`));
    });
  });
}
