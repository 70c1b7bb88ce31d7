import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FlowerDeployment } from './flowerRuns.mjs';
import { runDemo } from './runDemo.mjs';
import { figure } from './spread.mjs';
import { wideHeartStudy } from './wideHeart.mjs';

const ROUNDS = 3;
const SIZES = [
  { parameters: 14, name: '14 parameters', times: 20 },
  { parameters: 1_000_000, name: '1 M parameters', times: 20 },
  { parameters: 10_000_000, name: '10 M parameters', times: 8 },
];

/** Seconds of a masked round beyond training, four hospitals on this machine, beside Flower's SecAgg+ with as many clients. */
export async function flowerBench(repository, say) {
  const theirs = await flowerRounds(say);
  const figures = [];
  for (const { parameters, name, times } of SIZES) {
    const own = await ownRounds(repository, say, parameters, name);
    figures.push(figure(`${name}: a private round beyond training`, 's', own));
    const rounds = theirs?.get(parameters);
    if (!rounds) continue;
    const flower = figure(
      '',
      '',
      rounds.map(({ seconds }) => seconds),
    ).median;
    const ratio = flower / figure('', '', own).median;
    figures.push(
      figure(
        `  Flower SecAgg+, four numpy clients`,
        's',
        rounds.map(({ seconds }) => seconds),
      ),
      figure('  Flower over ours, medians', 'times', [ratio], { direction: 'at least', bound: times }),
      figure(
        '  Flower: error of its mean (ours: recomputed and attested by all, exact)',
        '',
        rounds.map(({ error }) => error),
      ),
    );
  }
  return figures;
}

/** Undefined, and said so, where Flower cannot be had. */
async function flowerRounds(say) {
  let deployment;
  try {
    deployment = await FlowerDeployment.start(say);
  } catch (error) {
    process.stdout.write(`\nSKIPPED: Flower cannot be run here, so nothing is compared with it: ${error.message}\n`);
    return undefined;
  }
  try {
    const rounds = new Map();
    for (const { parameters, name } of SIZES) {
      say(`Flower, ${name}`);
      rounds.set(parameters, await deployment.rounds(parameters, ROUNDS));
    }
    return rounds;
  } finally {
    await deployment.stop();
  }
}

/** Training rounds of a private study over the embedded channel, four gateways, every sum recomputed by all of them. */
async function ownRounds(repository, say, parameters, name) {
  const folder = await mkdtemp(join(tmpdir(), 'consilium-wide-'));
  try {
    say(`Consilium, ${name}`);
    const args = await wideHeartStudy(join(folder, 'study.json'), parameters, ROUNDS);
    const { report } = await runDemo(repository, args);
    const training = report.rounds.filter(({ kind }) => kind === 'training');
    if (training.length !== ROUNDS || training.some(({ attestations }) => attestations < 3))
      throw new Error(`${name}: of ${ROUNDS} training rounds ${training.length} were attested`);
    return training.map(({ seconds }) => seconds.total - seconds.training);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
