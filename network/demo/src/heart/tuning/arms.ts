/** The two arms that are compared: all hospitals together, and each alone with the same number of steps. */
import type { LocalTraining, StudyProtocol } from '@consilium/domain';
import { Draws } from './keystream.js';
import { initialWeights, train } from './logisticTraining.js';
import type { Federation } from './patients.js';
import { type Rows, type Standardisation, standardisationOf, standardised } from './standardised.js';

/** What an arm learned for one hospital. */
export type Learned = Readonly<{ weights: Float64Array; standardisation: Standardisation }>;

export type FederatedSetting = Readonly<{
  rounds: number;
  standardisation: 'federated' | 'per-hospital';
  /** Whether each hospital keeps an intercept of its own. */
  ownIntercept: boolean;
  /** Of the kernel's first values; absent: as a logistic regression begins. */
  fan?: Readonly<{ in: number; out: number }>;
}>;

/**
 * What of a protocol the arithmetic here depends on.
 * @throws RangeError for a protocol that it does not compute
 */
export function settingOf(protocol: StudyProtocol): FederatedSetting {
  const { standardisation, personalTensors, aggregation, trainingRounds, model } = protocol;
  const { server, weights } = aggregation;
  const isPlainMean = server.kind === 'fedavg' && server.learningRate === 1 && weights === 'patients';
  if (!isPlainMean || standardisation === 'declared-ranges')
    throw new RangeError('federated averaging by patients over standardised features is computed here, nothing else');
  const kernel = model.kind === 'layers-model' ? model.tensors.find(({ name }) => name === 'output/kernel') : undefined;
  return {
    rounds: trainingRounds,
    standardisation,
    ownIntercept: personalTensors.includes('output/bias'),
    ...(kernel?.fan ? { fan: kernel.fan } : {}),
  };
}

/** Round 0 makes the first weights, round 1 the statistics. */
const FIRST_TRAINING_ROUND = 2;

function batchDraws(seed: number, round: number | 'alone'): Draws {
  return new Draws('consilium-batches', seed, round);
}

/** Federated averaging by patients. A hospital without a row takes no part and has intercept 0. */
export function learnTogether(
  federation: Federation,
  setting: FederatedSetting,
  training: LocalTraining,
  seed: number,
): Learned[] {
  const all = standardisationOf(federation);
  const standardisations = federation.map((patients) =>
    setting.standardisation === 'federated' || patients.length === 0 ? all : standardisationOf([patients]),
  );
  const rows = federation.map((patients, h) => standardised(patients, standardisations[h] as Standardisation));
  const features = all.means.length;
  const total = rows.reduce((sum, own) => sum + own.rows, 0);
  const shared = initialWeights(features, seed, setting.fan);
  const intercepts = new Float64Array(rows.length);
  for (let round = 0; round < setting.rounds; round += 1) {
    const updates = new Float64Array(features + 1);
    for (const [hospital, own] of rows.entries()) {
      if (own.rows === 0) continue;
      const weights = shared.slice();
      if (setting.ownIntercept) weights[features] = intercepts[hospital] as number;
      train(weights, own, training, batchDraws(seed, FIRST_TRAINING_ROUND + round));
      if (setting.ownIntercept) intercepts[hospital] = weights[features] as number;
      for (let k = 0; k <= features; k += 1)
        (updates[k] as number) += (own.rows / total) * ((weights[k] as number) - (shared[k] as number));
    }
    if (setting.ownIntercept) updates[features] = 0;
    for (let k = 0; k <= features; k += 1) (shared[k] as number) += updates[k] as number;
  }
  return rows.map((_, hospital) => {
    const weights = shared.slice();
    if (setting.ownIntercept) weights[features] = intercepts[hospital] as number;
    return { weights, standardisation: standardisations[hospital] as Standardisation };
  });
}

/** A hospital alone: its own standardisation, and the steps of all rounds in one go. */
export function learnAlone(patients: Federation[number], training: LocalTraining, seed: number): Learned {
  const standardisation = standardisationOf([patients]);
  const rows: Rows = standardised(patients, standardisation);
  const weights = initialWeights(rows.features, seed);
  train(weights, rows, training, batchDraws(seed, 'alone'));
  return { weights, standardisation };
}
