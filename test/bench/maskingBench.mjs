import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { figure } from './spread.mjs';

const RUNS = 5;
const ELEMENTS = 10_000_000;
const VECTOR_MIB = (4 * ELEMENTS) / 2 ** 20;

/** What masks cost one of four hospitals: its own vector masked, and the sum of four unmasked, beside the plain sum. */
export async function maskingBench(_repository, say) {
  const runs = [];
  for (let run = 0; run < RUNS; run += 1) {
    say(`masking ${run + 1} of ${RUNS}`);
    const child = fork(fileURLToPath(new URL('./maskingProcess.mjs', import.meta.url)), [String(ELEMENTS)], {
      execArgv: ['--expose-gc'],
    });
    const [measured] = await Promise.race([once(child, 'message'), failed(child)]);
    runs.push(measured);
  }
  const of = (name) => runs.map((run) => run[name]);
  return [
    figure('masking 10 M parameters, 3 peers', 'CPU s', of('maskSeconds'), {
      source: 'Flower SecAgg+ masking step alone: 0.48-0.62 s',
    }),
    figure('unmasking their sum, 4 survivors', 'CPU s', of('unmaskSeconds'), {
      source: 'Flower: 0.36-0.46 s',
    }),
    figure('unmasking it with one dropout', 'CPU s', of('dropoutSeconds'), { source: 'Flower: 0.89 s' }),
    figure('keeping the masked vector in the place of the secrets', 'CPU s', of('keepSeconds')),
    figure('  beside it: the plain sum of four, read and checked from disk', 'CPU s', of('plainSeconds')),
    figure(
      'CPU a hospital beyond the plain sum',
      'CPU s',
      runs.map(({ maskSeconds, keepSeconds, unmaskSeconds }) => maskSeconds + keepSeconds + unmaskSeconds),
      { direction: 'at most', bound: 0.5 },
    ),
    figure(
      'memory that opening a sum of four takes at most, times the vector',
      '',
      runs.map(({ extraMiB }) => extraMiB / VECTOR_MIB),
      { direction: 'at most', bound: 3, judged: 'max' },
    ),
    figure('bytes that a hospital uploads, times the parameters', '', [4], { source: 'Flower: 8 (int64)' }),
  ];
}

async function failed(child) {
  const [code] = await once(child, 'exit');
  // The message comes before the exit; without one the run failed.
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  throw new Error(`the masking process ended with ${code}`);
}
