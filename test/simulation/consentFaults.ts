/** What patients do in a run, and what else may go wrong where they do it. */
import type { Msp, StudyProtocol } from '@consilium/domain';
import type { AgentNews } from '../../gateway/src/agent/ports.js';
import type { StepName } from '../../gateway/src/agent/step.js';
import type { Random } from './random.js';

export type ConsentFault =
  /** Patients withdraw: at their hospital, or straight on the channel, where the hospital learns of it by its mirror. */
  | Readonly<{ kind: 'withdraw'; at: number; msp: Msp; count: number; by: 'hospital' | 'channel' }>
  | Readonly<{
      kind: 'withdraw-at-step';
      msp: Msp;
      step: StepName;
      event: AgentNews['event'];
      nth: number;
      afterMs: number;
      count: number;
      by: 'hospital' | 'channel';
    }>
  /** Patients who withdrew, or never said anything, consent; for so many milliseconds, or for good. */
  | Readonly<{ kind: 'grant'; at: number; msp: Msp; validMs: number | null }>
  /** The hospital publishes a stricter policy. */
  | Readonly<{ kind: 'policy'; at: number; msp: Msp }>
  /** The gateway runs, and does not reach its peer. */
  | Readonly<{ kind: 'unreachable'; msp: Msp; from: number; until: number }>;

export type ConsentPlan = Readonly<{
  /** Patients of each hospital, those who consent at first, and for how many milliseconds (null: for good). */
  patients: number;
  firstValidMs: readonly (number | null)[];
}>;

/** Steps of a round that rows, or what was made of them, go through. */
const STEPS: readonly StepName[] = ['joinRound', 'makeVector', 'shareVector', 'contribute', 'reportEvaluation'];
/** When most of a study's rounds are under way. */
const BEGIN_MS_MAX = 8_000;

export function consentPlanOf(random: Random, isHealthy: boolean): ConsentPlan {
  const patients = random.between(3, 7);
  const firstValidMs = Array.from({ length: patients }, (_, k) => {
    if (isHealthy || k === 0 || random.chance(0.85)) return null;
    return random.between(500, BEGIN_MS_MAX);
  });
  return { patients, firstValidMs: isHealthy || random.chance(0.7) ? firstValidMs : firstValidMs.slice(0, -1) };
}

export function consentFaultsOf(random: Random, { members }: StudyProtocol): ConsentFault[] {
  return Array.from({ length: random.between(1, 5) }, () => drawn(random, random.pick(members)));
}

function drawn(random: Random, msp: Msp): ConsentFault {
  const count = random.pick([1, 1, 1, 1, 1, 1, 2, 2, 2, 9]);
  const by = random.chance(0.75) ? 'hospital' : 'channel';
  const at = random.between(0, BEGIN_MS_MAX);
  const kind = random.pick(['at-step', 'at-step', 'at-step', 'withdraw', 'withdraw', 'grant', 'policy', 'unreachable']);
  switch (kind) {
    case 'at-step':
      return {
        kind: 'withdraw-at-step',
        msp,
        step: random.pick(STEPS),
        event: random.pick(['step-started', 'step-started', 'step-finished'] as const),
        nth: random.between(1, 4),
        afterMs: random.between(0, random.pick([0, 8, 100, 500])),
        count,
        by,
      };
    case 'withdraw':
      return { kind: 'withdraw', at, msp, count, by };
    case 'grant':
      return { kind: 'grant', at, msp, validMs: random.chance(0.5) ? null : random.between(200, 4_000) };
    case 'policy':
      return { kind: 'policy', at, msp };
    default:
      return { kind: 'unreachable', msp, from: at, until: at + random.between(500, 15_000) };
  }
}
