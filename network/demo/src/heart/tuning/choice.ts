/** Chooses a setting for each arm by cross-validation on training rows. */
import type { LocalTraining, StudyProtocol } from '@consilium/domain';
import { HEART_HOSPITALS } from '../heartHospitals.js';
import type { ChosenTraining } from '../heartStudies.js';
import { settingOf } from './arms.js';
import { aloneLoss, foldsOf, type HeldOutLoss, meanLoss, togetherLoss } from './crossValidation.js';
import { GRID } from './grid.js';
import type { Federation } from './patients.js';

/** A setting with what it cost on rows that it was not trained on. */
export type Tried = Readonly<{ training: LocalTraining; losses: HeldOutLoss }>;

export type Choice = Readonly<{
  chosen: ChosenTraining;
  /** Every setting of the grid, in its order, for each arm. Alone with the steps of one round. */
  together: readonly Tried[];
  alone: readonly Tried[];
}>;

/**
 * One setting for all hospitals together, and one for each hospital alone, each with the least mean log-loss over five
 * folds of each seed. A hospital whose training rows have one class cannot judge, since the wildest setting is right on
 * all of them: alone it takes what is best for the other three taken together.
 *
 * @param training rows of each hospital; no test row has any business here
 */
export function chooseTraining(
  training: Federation,
  study: StudyProtocol,
  trainingShare: number,
  seeds: readonly number[],
): Choice {
  const setting = settingOf(study);
  const folds = foldsOf(training, trainingShare, seeds);
  const together = GRID.map((tried) => ({ training: tried, losses: togetherLoss(folds, setting, tried) }));
  const alone = GRID.map((tried) => ({
    training: tried,
    losses: aloneLoss(folds, allSteps(tried, setting.rounds)),
  }));
  const judges = [...training.keys()].filter((h) => new Set(training[h]?.map(({ label }) => label)).size > 1);
  return {
    together,
    alone,
    chosen: {
      trainingShare,
      federated: best(together).training,
      alone: Object.fromEntries(
        HEART_HOSPITALS.map(({ msp }, hospital) => [
          msp,
          allSteps(best(alone, judges.includes(hospital) ? [hospital] : judges).training, setting.rounds),
        ]),
      ),
    },
  };
}

/** The least mean loss over the hospitals named; the earlier one of equals. */
export function best(tried: readonly Tried[], hospitals?: readonly number[]): Tried {
  return tried.reduce((least, one) =>
    meanLoss(one.losses, hospitals) < meanLoss(least.losses, hospitals) ? one : least,
  );
}

/** The same setting for a hospital alone: the steps of all rounds at once. */
export function allSteps(training: LocalTraining, rounds: number): LocalTraining {
  return { ...training, steps: training.steps * rounds };
}
