import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { figure } from './spread.mjs';

const INTERLEAVINGS = 1_000;

/**
 * Random interleavings of withdrawals with joins, training, crashes and an unreachable channel: in how many of them a patient
 * who withdrew is in no cohort selected after it, and in nothing that is contributed once the hospital can know.
 */
export async function withdrawalsBench(repository, say) {
  say(`${INTERLEAVINGS} interleavings of withdrawals with rounds`);
  const parts = availableParallelism();
  const shares = Array.from({ length: parts }, (_, part) =>
    Array.from({ length: INTERLEAVINGS }, (_seed, k) => k + 1).filter((seed) => seed % parts === part),
  );
  const reports = (await Promise.all(shares.map((seeds) => reportsOf(repository, seeds)))).flat();
  for (const { seed, violation } of reports) if (violation !== undefined) say(`interleaving ${seed}: ${violation}`);
  const kept = reports.filter(({ violation }) => violation === undefined).length;
  return [
    figure(`interleavings of ${INTERLEAVINGS} in which no withdrawn patient is used`, '', [kept], {
      direction: 'at least',
      bound: INTERLEAVINGS,
    }),
  ];
}

/** Runs seeds in a process of their own; it goes on after one that fails. */
async function reportsOf(repository, seeds) {
  const reports = [];
  for (let left = seeds; left.length > 0; left = seeds.slice(reports.length))
    reports.push(...(await reportsUntilViolation(repository, left)));
  return reports;
}

function reportsUntilViolation(repository, seeds) {
  const simulation = join(repository, 'test/simulation');
  const child = fork(join(simulation, 'seedsProcess.ts'), [], {
    execArgv: [
      '--disable-warning=ExperimentalWarning',
      '--import',
      pathToFileURL(join(simulation, 'typescript.mjs')).href,
    ],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const reports = [];
  return new Promise((resolve, reject) => {
    child.on('message', (message) => {
      if (message !== 'done') return reports.push(message);
      child.kill();
      resolve(reports);
    });
    child.on('exit', (code) => reject(new Error(`a process that runs interleavings ended with ${code}`)));
    child.send({ seeds, withdrawals: true });
  });
}
