/** Plays the people of all hospitals over REST and shows what came of it: `run`. */
import { join } from 'node:path';
import { cohortLine, readCohortSource } from './cohortRecord.js';
import { meanComparison } from './comparison.js';
import { fractionTable } from './curve.js';
import { writeFigures } from './figures.js';
import { type DemoNetwork, readNetwork } from './hospitals.js';
import { meanTable } from './meanTable.js';
import { writeModels } from './models.js';
import type { DemoOptions } from './options.js';
import { registerHospitals } from './playStudy.js';
import { privacyTables } from './privacyTable.js';
import { attestationTable, lineageTable } from './proof.js';
import { type FractionFigures, invalidTransactions, type Report, reportOf, writeReport } from './report.js';
import { pairedLine, resultTables } from './resultTables.js';
import { type FinishedStudy, runStudy } from './runStudy.js';
import type { Say } from './say.js';
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

/** Plays one study with a seed and a part of the training rows. */
type Play = (seed: number, trainingShare?: number) => Promise<FinishedStudy>;

async function playAll(
  network: DemoNetwork,
  options: DemoOptions,
  setupSeconds: number,
  say: Say,
  signal: AbortSignal,
): Promise<void> {
  const source = await readCohortSource(options.home);
  const dataLine = cohortLine(source);
  if (source.source === 'synthetic') say.line(dataLine);
  await registerHospitals(network.hospitals, say);
  const play: Play = async (seed, trainingShare) => {
    const members = network.hospitals.map(({ msp }) => msp);
    const { study, rounds, mode, epsilon, delta } = options;
    const wish = {
      study,
      rounds,
      mode,
      epsilon,
      delta,
      members,
      seed,
      ...(trainingShare === undefined ? {} : { trainingShare }),
    };
    return runStudy(network.hospitals, await demoStudy(wish), say, signal);
  };

  const seeds = options.seeds ?? [options.seed];
  const finished: FinishedStudy[] = [];
  for (const seed of seeds) finished.push(await play(seed));
  const main = finished[0] as FinishedStudy;
  show(network, main, dataLine, say);
  let report = reportOf(network, setupSeconds, source, main);
  if (finished.length > 1) report = showSeeds(report, finished, dataLine, say);
  if (options.fractions) {
    const fractions = await playFractions(network, options.fractions, finished, play, say);
    const over = finished.length > 1 ? `, mean over the seeds ${seeds.join(', ')}` : '';
    say.line(`\nThe curve over fractions of the training rows${over} (${dataLine})\n${fractionTable(fractions)}`);
    report = { ...report, fractions };
  }
  report = { ...report, invalidTransactions: await invalidTransactions(network.hospitals) };
  say.line(`\n${timesLine(report)}`);
  // The curve is asked for as a figure, too: without a folder of the user's it goes to the home folder.
  const figures = options.figures ?? (options.fractions ? join(options.home, 'figures') : undefined);
  if (figures !== undefined) await writeFigures(figures, main, report.fractions, say);
  if (options.models !== undefined) await writeModels(options.models, network, finished, say);
  if (options.report !== undefined) {
    await writeReport(options.report, report);
    say.line(`The report is in ${options.report}.`);
  }
}

function show(network: DemoNetwork, finished: FinishedStudy, dataLine: string, say: Say): void {
  const { arms, comparison, protocol, models, released, rounds } = finished;
  say.line();
  say.line(resultTables(network.hospitals, arms, comparison, protocol, dataLine));
  if (comparison.accuracy) say.line(`\n${pairedLine(arms)}`);
  if (protocol.privacy) say.line(`\n${privacyTables(network.hospitals, finished)}`);
  say.line('\nLineage: every version of the model on the channel');
  say.line(lineageTable(models));
  const last = rounds.findLast(({ round }) => round.modelDigest === released.digest);
  if (!last) return;
  say.line(
    `\nProof: each hospital recomputed version ${released.version} from all hospitals' vectors, and signed its digest`,
  );
  say.line(attestationTable(network.hospitals, last.round));
}

function showSeeds(report: Report, finished: readonly FinishedStudy[], dataLine: string, say: Say): Report {
  const seeds = finished.map(({ protocol, released, comparison }) => ({
    seed: protocol.seed,
    modelDigest: released.digest,
    metrics: comparison,
  }));
  const seedsMean = meanComparison(finished.map(({ comparison }) => comparison));
  say.line(`\nMean over the seeds ${seeds.map(({ seed }) => seed).join(', ')} (${dataLine})\n${meanTable(seedsMean)}`);
  return { ...report, seeds, seedsMean };
}

/** The same studies with a part of the training rows; with all of them, what was played already. */
async function playFractions(
  network: DemoNetwork,
  percents: readonly number[],
  finished: readonly FinishedStudy[],
  play: Play,
  say: Say,
): Promise<FractionFigures[]> {
  const fractions: FractionFigures[] = [];
  for (const percent of [...percents].sort((a, b) => a - b)) {
    say.line(`\nWith ${percent} % of each hospital's training rows:`);
    const played: FinishedStudy[] = [];
    for (const whole of finished) played.push(percent === 100 ? whole : await play(whole.protocol.seed, percent / 100));
    const { training } = (played[0] as FinishedStudy).arms;
    fractions.push({
      fraction: percent / 100,
      nTrain: Object.fromEntries(network.hospitals.map(({ msp, name }) => [name, training.get(msp)?.rows ?? 0])),
      metrics: meanComparison(played.map(({ comparison }) => comparison)),
    });
  }
  return fractions;
}

function timesLine({ rounds, setupSeconds, invalidTransactions: invalid, channel, engine }: Report): string {
  const ledger = rounds.flatMap(({ seconds }) => (seconds ? [seconds.ledger] : [])).sort((a, b) => a - b);
  const median = ledger[Math.floor(ledger.length / 2)];
  return `Channel ${channel}, engine ${engine.name} ${engine.version}; ready after ${setupSeconds.toFixed(1)} s; ledger time a round: median ${median?.toFixed(2) ?? '-'} s; invalid transactions: ${invalid}.`;
}
