/** Plays the people of all hospitals over REST and shows what came of it: `run`. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decimals, percent, textTable } from '@consilium/client/text';
import { calibrationChart } from './charts.js';
import { cohortLine, readCohortSource } from './cohortRecord.js';
import { allRows, meanComparison } from './comparison.js';
import { fractionSvg, fractionTable } from './curve.js';
import { type DemoNetwork, readNetwork } from './hospitals.js';
import type { DemoOptions } from './options.js';
import { registerHospitals } from './playStudy.js';
import { attestationTable, lineageTable } from './proof.js';
import {
  type FractionFigures,
  invalidTransactions,
  type Report,
  reportOf,
  type SeedFigures,
  writeReport,
} from './report.js';
import { pairedLine, resultTables } from './resultTables.js';
import { type FinishedStudy, runStudy } from './runStudy.js';
import type { Say } from './say.js';
import { calibrationOf } from './scores.js';
import { demoStudy } from './studyFile.js';

/** @param setupSeconds as the caller measured it; absent: as the launcher wrote it */
export async function run(
  options: DemoOptions,
  setupSeconds: number | undefined,
  say: Say,
  signal: AbortSignal,
): Promise<void> {
  const network = readNetwork(options.home);
  try {
    await playAll(network, options, setupSeconds ?? network.setupSeconds, say, signal);
  } finally {
    await Promise.all(network.hospitals.map((hospital) => hospital.close()));
  }
}

async function playAll(
  network: DemoNetwork,
  options: DemoOptions,
  setupSeconds: number,
  say: Say,
  signal: AbortSignal,
): Promise<void> {
  const data = await readCohortSource(options.home);
  if (data.source === 'synthetic') say.line(cohortLine(data));
  await registerHospitals(network.hospitals, say);
  const play = async (seed: number, trainingShare?: number): Promise<FinishedStudy> =>
    runStudy(
      network.hospitals,
      await demoStudy({
        ...studyWish(network, options),
        seed,
        ...(trainingShare === undefined ? {} : { trainingShare }),
      }),
      say,
      signal,
    );

  const seeds = options.seeds ?? [options.seed];
  const finished: FinishedStudy[] = [];
  for (const seed of seeds) finished.push(await play(seed));
  const main = finished[0] as FinishedStudy;
  show(network, main, cohortLine(data), say);

  let report: Report = reportOf(network, setupSeconds, data, main, 0);
  if (finished.length > 1) {
    const figures: SeedFigures[] = finished.map(({ protocol, released, comparison }) => ({
      seed: protocol.seed,
      modelDigest: released.digest,
      metrics: comparison,
    }));
    const seedsMean = meanComparison(finished.map(({ comparison }) => comparison));
    report = { ...report, seeds: figures, seedsMean };
    say.line(`\nMean over the seeds ${seeds.join(', ')} (${cohortLine(data)})\n${meanTable(seedsMean)}`);
  }
  if (options.fractions) {
    const fractions: FractionFigures[] = [];
    for (const part of [...options.fractions].sort((a, b) => a - b)) {
      say.line(`\nWith ${part} % of each hospital's training rows:`);
      const { arms, comparison } = part === 100 ? main : await play(options.seed, part / 100);
      const nTrain = Object.fromEntries(
        network.hospitals.map(({ msp, name }) => [name, arms.training.get(msp)?.rows ?? 0]),
      );
      fractions.push({ fraction: part / 100, nTrain, metrics: comparison });
    }
    report = { ...report, fractions };
    say.line(`\nThe curve over fractions of the training rows (${cohortLine(data)})\n${fractionTable(fractions)}`);
  }
  report = { ...report, invalidTransactions: await invalidTransactions(network.hospitals) };
  say.line(`\n${timesLine(report)}`);
  if (options.figures !== undefined) await writeFigures(options.figures, main, report, say);
  if (options.report !== undefined) {
    await writeReport(options.report, report);
    say.line(`The report is in ${options.report}.`);
  }
}

function studyWish(network: DemoNetwork, options: DemoOptions) {
  return { study: options.study, rounds: options.rounds, members: network.hospitals.map(({ msp }) => msp) };
}

function show(network: DemoNetwork, finished: FinishedStudy, dataLine: string, say: Say): void {
  const { arms, comparison, protocol, models, released, rounds } = finished;
  say.line();
  say.line(resultTables(network.hospitals, arms, comparison, protocol, dataLine));
  if (comparison.accuracy) say.line(`\n${pairedLine(arms)}`);
  say.line('\nLineage: every version of the model on the channel');
  say.line(lineageTable(models));
  const last = rounds.findLast(({ round }) => round.modelDigest === released.digest);
  if (last) {
    say.line(
      `\nProof: each hospital recomputed version ${released.version} from the hospitals' vectors, and signed its digest`,
    );
    say.line(attestationTable(network.hospitals, last.round));
  }
}

function meanTable(mean: Report['metrics']): string {
  const arms = ['federated', 'alone', 'majority'] as const;
  const titles = { federated: 'together', alone: 'each alone', majority: 'always the majority' };
  const head = Object.keys(mean).flatMap((name) => [`${name}, mean of hospitals`, `${name}, all test rows`]);
  return textTable(
    ['', ...head],
    arms.map((arm) => [
      titles[arm],
      ...Object.entries(mean).flatMap(([name, figures]) => {
        const text = name === 'accuracy' ? percent : decimals;
        return [text(figures[arm].meanOfHospitals), text(figures[arm].pooledTestExact)];
      }),
    ]),
  );
}

function timesLine({ rounds, setupSeconds, invalidTransactions: invalid, channel, engine }: Report): string {
  const ledger = (rounds as { seconds: { ledger: number; total: number } | null }[])
    .flatMap(({ seconds }) => (seconds ? [seconds.ledger] : []))
    .sort((a, b) => a - b);
  const median = ledger[Math.floor(ledger.length / 2)];
  return `Channel ${channel}, engine ${engine.name} ${engine.version}; ready after ${setupSeconds.toFixed(1)} s; ledger time a round: median ${median?.toFixed(2) ?? '-'} s; invalid transactions: ${invalid}.`;
}

async function writeFigures(folder: string, main: FinishedStudy, report: Report, say: Say): Promise<void> {
  await mkdir(folder, { recursive: true });
  if (main.protocol.label.kind === 'binary') {
    const points = (['federated', 'alone'] as const).flatMap((arm) =>
      calibrationOf(allRows(main.arms.rows[arm])).map((group) => ({
        ...group,
        arm: arm === 'federated' ? 'together' : 'each alone',
      })),
    );
    await writeFile(join(folder, 'calibration.svg'), await calibrationChart(points));
  }
  if (report.fractions) await writeFile(join(folder, 'fractions.svg'), await fractionSvg(report.fractions));
  say.line(`Figures are in ${folder}.`);
}
