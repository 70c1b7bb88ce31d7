/** The settings that every arm chooses from. */
import type { LocalTraining } from '@consilium/domain';

const OPTIMISERS: readonly LocalTraining['optimiser'][] = [
  ...[0.1, 0.5].map((learningRate) => ({ kind: 'sgd' as const, learningRate })),
  { kind: 'momentum', learningRate: 0.1, momentum: 0.9 },
  ...[0.01, 0.03, 0.1].map((learningRate) => ({ kind: 'adam' as const, learningRate, beta1: 0.9, beta2: 0.999 })),
];
/** The last one is all rows of any of the four hospitals. */
const BATCH_SIZES = [16, 256];
/** In a round of the study. A hospital alone takes those of all rounds. */
const STEPS = [5, 20, 100];
const L2 = [0, 0.003, 0.01, 0.03, 0.1, 0.3];

export const GRID: readonly LocalTraining[] = OPTIMISERS.flatMap((optimiser) =>
  BATCH_SIZES.flatMap((batchSize) =>
    STEPS.flatMap((steps) => L2.map((l2) => ({ steps, batchSize, optimiser, l2, proximal: 0 }))),
  ),
);

/** `adam .03, batch 64, 20 steps, L2 .01`. */
export function settingName({ optimiser, batchSize, steps, l2 }: LocalTraining): string {
  return `${optimiser.kind} ${optimiser.learningRate}, batch ${batchSize}, ${steps} steps, L2 ${l2}`;
}
