import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const HEART_STUDY = fileURLToPath(new URL('../../network/demo/heart/study.json', import.meta.url));
/** Two wide layers over the heart rows; the demo's own model has 14 parameters. */
const LAYERS = new Map([
  [1_000_000, [1_000, 980]],
  [10_000_000, [3_150, 3_150]],
]);

/**
 * Writes a private heart study with about so many parameters: the same rows, one step of training a round.
 * @param parameters 14, 1 million or 10 million
 * @returns arguments of the demo
 */
export async function wideHeartStudy(file, parameters, rounds) {
  const { personalTensors: _, ...study } = JSON.parse(await readFile(HEART_STUDY, 'utf8'));
  const hidden = LAYERS.get(parameters);
  const wide = {
    ...study,
    mode: 'private',
    metrics: 'final',
    ...(hidden ? { model: { kind: 'multilayer-perceptron', hidden } } : {}),
    training: { ...study.training, steps: 1, batchSize: 16, optimiser: { kind: 'sgd', learningRate: 0.001 } },
    trainingRounds: rounds,
  };
  await writeFile(file, JSON.stringify(wide));
  return ['--study', file, '--rounds', String(rounds)];
}
