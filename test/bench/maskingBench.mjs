import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { figure } from './spread.mjs';

const RUNS = 5;
const ELEMENTS = 10_000_000;
const HOSPITALS = 4;
const VECTOR_MIB = (4 * ELEMENTS) / 2 ** 20;

/** Masking and unmasking of 10 M parameters among four hospitals: what one of them pays beyond the plain sum. */
export async function maskingBench(_repository, say) {
  const runs = [];
  for (let run = 0; run < RUNS; run++) {
    say(`masking, run ${run + 1} of ${RUNS}`);
    runs.push(await oneRun());
  }
  const of = (name) => runs.map((run) => run[name]);
  const sums = (one, other) => runs.map((run) => run[one] + run[other]);
  return [
    figure('plain sum of four vectors', 'CPU s', of('sumSeconds')),
    figure('masking', 'CPU s', of('maskSeconds'), { source: "Flower's masking step: 0.48-0.62" }),
    figure('unmasking, nobody dropped out', 'CPU s', of('unmaskSeconds'), { source: "Flower's: 0.36-0.46" }),
    figure('unmasking, one dropped out', 'CPU s', of('unmaskDropoutSeconds'), { source: "Flower's: 0.89" }),
    figure('masking and unmasking', 'CPU s', sums('maskSeconds', 'unmaskSeconds'), {
      direction: 'at most',
      bound: 0.5,
    }),
    figure('the same, one dropped out', 'CPU s', sums('maskSeconds', 'unmaskDropoutSeconds'), {
      direction: 'at most',
      bound: 0.5,
    }),
    figure(
      'memory at its highest, by the vector',
      'times',
      runs.map(({ peakMiB }) => peakMiB / VECTOR_MIB),
      {
        direction: 'at most',
        bound: 3,
        judged: 'max',
      },
    ),
    figure('upload of a hospital', 'MB', [(4 * ELEMENTS) / 1e6], { source: "Flower's: 80" }),
  ];
}

/** In a process of its own, so that its memory is its own. */
function oneRun() {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(new URL('./maskingProcess.mjs', import.meta.url)), [
      String(ELEMENTS),
      String(HOSPITALS),
    ]);
    let answer;
    child.on('message', (message) => {
      answer = message;
    });
    child.on('error', reject);
    child.on('exit', (code) => (answer && code === 0 ? resolve(answer) : reject(new Error(`it ended with ${code}`))));
  });
}
