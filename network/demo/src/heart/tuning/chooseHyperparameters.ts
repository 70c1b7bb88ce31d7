#!/usr/bin/env node
/**
 * Chooses how the heart study trains, and how each hospital trains alone: `npm run tune -w network/demo`. It reads
 * training rows alone; `--test` opens the test rows afterwards, with the settings that are chosen by then.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { HEART_HOSPITALS } from '../heartHospitals.js';
import { CHOSEN_FILE, heartFile, readAloneTraining, readFederatedTraining, readHeartStudy } from '../heartStudies.js';
import { obtainHeartFiles } from '../obtainHeartFiles.js';
import { type Choice, chooseTraining } from './choice.js';
import { meanLoss } from './crossValidation.js';
import { GRID, settingName } from './grid.js';
import { readPatients } from './patients.js';
import { figureLine, testFigures } from './testFigures.js';

/** Each draws folds, first weights, batches and, where a part of the rows is used, that part. */
const SEEDS = [42, 43, 44, 45, 46];
const SHOWN = 8;

const say = (line: string) => process.stdout.write(`${line}\n`);

type Options = Readonly<{ shares: string; write: boolean; test: boolean }>;

async function tune({ shares, write, test }: Options): Promise<void> {
  const study = await readHeartStudy('study');
  const cacheFolder = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'consilium');
  const { source, files } = await obtainHeartFiles({ environment: process.env, cacheFolder, say });
  if (source === 'synthetic') throw new Error('nothing is tuned on synthetic patients');
  const training = await readPatients(files, 'trainLines', study);
  const chosen = [];
  for (const share of shares === '' ? [] : shares.split(',').map(Number)) {
    const started = performance.now();
    const choice = chooseTraining(training, study, share, SEEDS);
    say(
      `\n${100 * share} % of the training rows: ${GRID.length} settings for each arm, log-loss by 5-fold cross-validation`,
    );
    say(`inside the training rows, mean over the seeds ${SEEDS.join(', ')} (${seconds(started)}).`);
    show(choice);
    chosen.push(choice.chosen);
  }
  if (write) {
    await writeJson(CHOSEN_FILE, chosen);
    const whole = chosen.find(({ trainingShare }) => trainingShare === 1);
    if (whole) await writeJson('study.json', { ...(await readJson('study.json')), training: whole.federated });
  }
  if (test) {
    say('\nTest rows, mean over the seeds, with the settings that are written:');
    const testRows = await readPatients(files, 'testLines', study);
    for (const share of [0.1, 0.25, 0.5, 1]) {
      const federated = await readFederatedTraining(share);
      const alone = await readAloneTraining(share);
      const figures = testFigures({ training, test: testRows, study, share, seeds: SEEDS, federated, alone });
      for (const [arm, own] of Object.entries(figures))
        say(`${`${100 * share} %`.padStart(5)}  ${arm.padEnd(9)} ${figureLine(own)}`);
    }
    const flamby = await readHeartStudy('study.flamby');
    const { federated } = testFigures({ training, test: testRows, study: flamby, share: 1, seeds: SEEDS });
    say(`Prepared as FLamby does: ${figureLine(federated)}`);
  }
}

function show({ together, alone, chosen }: Choice): void {
  const list = (title: string, tried: Choice['alone'], hospitals?: number[]) => {
    say(`\n${title}`);
    const ordered = [...tried].sort((a, b) => meanLoss(a.losses, hospitals) - meanLoss(b.losses, hospitals));
    for (const { training, losses } of ordered.slice(0, SHOWN))
      say(`  ${meanLoss(losses, hospitals).toFixed(4)}  ${settingName(training)}`);
  };
  list('All hospitals together', together);
  for (const [hospital, { name }] of HEART_HOSPITALS.entries()) list(`${name} alone`, alone, [hospital]);
  list('Each alone, if all took one setting', alone);
  say(`\nChosen together: ${settingName(chosen.federated)} a round`);
  for (const { name, msp } of HEART_HOSPITALS) {
    const own = chosen.alone[msp];
    if (own) say(`Chosen for ${name} alone: ${settingName(own)} in all`);
  }
}

async function readJson(name: string): Promise<object> {
  return JSON.parse(await readFile(heartFile(name), 'utf8'));
}

async function writeJson(name: string, value: unknown): Promise<void> {
  await writeFile(heartFile(name), `${JSON.stringify(value, null, 2)}\n`);
}

function seconds(started: number): string {
  return `${((performance.now() - started) / 1000).toFixed(0)} s`;
}

await new Command('tune')
  .description('chooses the settings of the heart study by cross-validation inside the training rows')
  .option('--shares <list>', 'parts of the training rows to choose for; "" for none', '1')
  .option('--write', 'writes what is chosen into network/demo/heart (give it all parts: 1,0.5,0.25,0.1)', false)
  .option('--test', 'then shows test figures of the settings that are written', false)
  .action((options: Options) => tune(options))
  .parseAsync();
