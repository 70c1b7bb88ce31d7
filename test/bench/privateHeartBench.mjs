import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadWasm } from '../../gateway/dist/learning/engines/wasm.js';
import { epsilonChart } from '../../network/demo/dist/charts.js';
import { readPrivateHeartStudy } from '../../network/demo/dist/heart/heartStudies.js';
import { heartRows, playPrivately, requireDeclared } from './privateHeart.mjs';
import { figure } from './spread.mjs';

const SEEDS = [42, 43, 44, 45, 46];
/** Noise is never seeded: each seed's figure is the mean of as many draws. */
const DRAWS_PER_SEED = 10;
const TARGETS = [1e-5, 1e-3].flatMap((delta) => [0.1, 0.3, 1, 3, 10].map((epsilon) => ({ epsilon, delta })));
const AT_EPSILON_ONE = {
  meanOfHospitals: { direction: 'at least', bound: 0.79, source: 'numpy .811, alone without privacy .805' },
  accuracy: { source: 'numpy .791' },
  auc: { direction: 'at least', bound: 0.85, source: 'numpy .862, alone without privacy .858' },
  logLoss: { direction: 'at most', bound: 0.5, source: 'numpy .483, alone without privacy .496' },
};
const NAMES = {
  meanOfHospitals: 'accuracy, mean of hospitals',
  accuracy: 'accuracy, all test rows',
  auc: 'AUC, all test rows',
  logLoss: 'log-loss, all test rows',
};

/**
 * The heart study with differential privacy for each hospital's patients, by epsilon and delta: seeds 42 to 46.
 * @param figures folder that the curve is written to, as SVG; absent: it is not drawn
 */
export async function privateHeartBench(_repository, say, { figures }) {
  const rows = await heartRows(say);
  const engine = await loadWasm();
  const [lines, points] = [[], []];
  for (const { epsilon, delta } of TARGETS) {
    say(`epsilon ${epsilon}, delta ${delta}`);
    const seeds = [];
    for (const seed of SEEDS) {
      const protocol = await readPrivateHeartStudy({ epsilon, delta, seed });
      requireDeclared(protocol, rows);
      const draws = [];
      for (let draw = 0; draw < DRAWS_PER_SEED; draw++) draws.push(await playPrivately(engine, protocol, rows));
      seeds.push(draws);
    }
    const isJudged = epsilon === 1 && delta === 1e-5;
    for (const [name, bound] of Object.entries(AT_EPSILON_ONE)) {
      const bySeed = seeds.map((draws) => draws.reduce((sum, draw) => sum + draw[name], 0) / draws.length);
      const line = figure(`epsilon ${epsilon}, delta ${delta}: ${NAMES[name]}`, '', bySeed, {
        ...(isJudged ? bound : {}),
        judged: 'mean',
      });
      lines.push(line);
      points.push({ epsilon, delta, figure: NAMES[name], value: line.mean });
    }
  }
  if (figures !== undefined) {
    await mkdir(figures, { recursive: true });
    await writeFile(join(figures, 'epsilon.svg'), await epsilonChart(points));
  }
  return lines;
}
