/** Log-loss of held-out training rows, the same folds for every arm and setting. */
import type { LocalTraining } from '@consilium/domain';
import { type FederatedSetting, type Learned, learnAlone, learnTogether } from './arms.js';
import { Draws } from './keystream.js';
import { lossOf, scoresOf } from './logisticTraining.js';
import { type Federation, type Patient, sharedOut } from './patients.js';
import { standardised } from './standardised.js';

const FOLDS = 5;

/** One fold of one draw: what is trained on and what is held out, by hospital. */
export type Fold = Readonly<{ seed: number; training: Federation; heldOut: Federation }>;

/** Five folds for each seed, which draws the training share as well: stratified by label in each hospital. */
export function foldsOf(federation: Federation, trainingShare: number, seeds: readonly number[]): Fold[] {
  return seeds.flatMap((seed) => {
    const drawn = sharedOut(federation, seed, trainingShare);
    const numbers = drawn.map((patients, hospital) => foldNumbers(patients, new Draws('folds', seed, hospital)));
    return Array.from({ length: FOLDS }, (_, fold) => ({
      seed,
      training: drawn.map((patients, h) => patients.filter((_, k) => numbers[h]?.[k] !== fold)),
      heldOut: drawn.map((patients, h) => patients.filter((_, k) => numbers[h]?.[k] === fold)),
    }));
  });
}

function foldNumbers(patients: readonly Patient[], draws: Draws): Int32Array {
  const numbers = new Int32Array(patients.length);
  let next = 0;
  for (const label of [0, 1]) {
    const own = Int32Array.from(patients.flatMap((patient, k) => (patient.label === label ? [k] : [])));
    for (const k of draws.shuffle(own)) {
      numbers[k] = next % FOLDS;
      next += 1;
    }
  }
  return numbers;
}

/** Held-out loss in nats and patients, summed over folds, by hospital. */
export type HeldOutLoss = readonly Readonly<{ loss: number; patients: number }>[];

export function togetherLoss(folds: readonly Fold[], setting: FederatedSetting, training: LocalTraining): HeldOutLoss {
  return summed(folds, ({ training: rows, seed }) => learnTogether(rows, setting, training, seed));
}

/** @param training with the steps of all rounds */
export function aloneLoss(folds: readonly Fold[], training: LocalTraining): HeldOutLoss {
  return summed(folds, ({ training: rows, seed }) =>
    rows.map((patients) => (patients.length === 0 ? undefined : learnAlone(patients, training, seed))),
  );
}

/** A hospital that has too few rows for a fold to leave it any is not judged on that fold. */
function summed(folds: readonly Fold[], learn: (fold: Fold) => readonly (Learned | undefined)[]): HeldOutLoss {
  const sums = (folds[0] as Fold).heldOut.map(() => ({ loss: 0, patients: 0 }));
  for (const fold of folds) {
    for (const [hospital, learned] of learn(fold).entries()) {
      const patients = fold.heldOut[hospital] ?? [];
      const sum = sums[hospital];
      if (!learned || !sum || fold.training[hospital]?.length === 0) continue;
      const rows = standardised(patients, learned.standardisation);
      sum.loss += lossOf(scoresOf(learned.weights, rows), rows.labels);
      sum.patients += patients.length;
    }
  }
  return sums;
}

/** Mean loss a held-out patient, over the hospitals named. */
export function meanLoss(losses: HeldOutLoss, hospitals: readonly number[] = [...losses.keys()]): number {
  const chosen = hospitals.map((hospital) => losses[hospital] as HeldOutLoss[number]);
  return chosen.reduce((sum, { loss }) => sum + loss, 0) / chosen.reduce((sum, { patients }) => sum + patients, 0);
}
