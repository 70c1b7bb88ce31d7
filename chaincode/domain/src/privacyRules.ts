/** What a study with differential privacy must be, so that its epsilon is true. */
import { noiseMultiplierFor, type PrivacyTarget, spentMicroEpsilonAfterRounds } from './accountant.js';
import { refusal } from './errors.js';
import { roundsMax, type StudyProtocol } from './study.js';
import type { PrivacyWish, StudyPrivacy } from './studyPrivacy.js';

/** An engine's logarithms and exponentials may differ in their last bits: so much a table may be off, in millionths. */
const MICRO_TOLERANCE = 1;

/** A thousandth of a millionth: so much less is aimed at, so that what is rounded up stays within the budget. */
const EPSILON_MARGIN = 1e-9;

type Rounds = Pick<StudyProtocol, 'trainingRounds' | 'roundsMax' | 'training'>;

/**
 * The least noise that keeps within a target.
 * @throws ConsiliumError PRIVACY_TARGET_OUT_OF_REACH
 */
export function noiseFor(target: PrivacyTarget): number {
  try {
    return noiseMultiplierFor(target);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw refusal('PRIVACY_TARGET_OUT_OF_REACH', { problem: error.message }, { cause: error });
  }
}

/**
 * A protocol's section on privacy, with the noise that a target takes and the table of it.
 * @throws ConsiliumError PRIVACY_TARGET_OUT_OF_REACH
 */
export function privacyWithin({ epsilon, ...wish }: PrivacyWish, rounds: Rounds): StudyPrivacy {
  const budgetMicroEpsilon = Math.round(epsilon * 1e6);
  const noiseMultiplier = noiseFor({
    epsilon: budgetMicroEpsilon / 1e6 - EPSILON_MARGIN,
    delta: wish.delta,
    samplingRate: wish.samplingRate,
    steps: rounds.trainingRounds * rounds.training.steps,
  });
  const settings = { ...wish, noiseMultiplier };
  return { ...settings, budgetMicroEpsilon, spentMicroEpsilonAfterRound: privacyTable(settings, rounds) };
}

/** The table that a protocol of these settings has. */
export function privacyTable(
  privacy: Pick<StudyPrivacy, 'samplingRate' | 'noiseMultiplier' | 'delta'>,
  protocol: Rounds,
): number[] {
  return spentMicroEpsilonAfterRounds(privacy, privacy.delta, protocol.training.steps, roundsMax(protocol));
}

/**
 * What must hold so that nothing but noised gradients leaves the training patients of a hospital, in whole numbers alone:
 * the contract asks it too. Whether the table is the accountant's is for each gateway to say: `requireTrueTable`.
 *
 * @throws ConsiliumError PROTOCOL_PRIVACY_UNSOUND with the reason
 */
export function requireSoundPrivacy(protocol: StudyProtocol): void {
  const { privacy, members, standardisation, metrics, model } = protocol;
  if (!privacy) return;
  if (standardisation !== 'declared-ranges')
    throw unsound(`features are scaled by declared ranges, not ${standardisation}: exact statistics have no noise`);
  if (metrics !== 'final')
    throw unsound(
      `metrics must be final, not ${metrics}: an evaluation in a training round tells of patients without noise`,
    );
  if (model.kind === 'layers-model')
    throw unsound('gradients of single patients are there for the built-in models, not for a layers-model');
  requireIndependentPatients(protocol);
  const declared = Object.keys(privacy.declaredPatients).sort();
  if (declared.join() !== members.join())
    throw unsound(`declaredPatients names ${declared.join(', ') || 'nobody'}, the members are ${members.join(', ')}`);
  requireBudget(privacy, protocol);
}

/** The table says something of every round, never less than of the one before, and pays for all training rounds. */
function requireBudget(
  { spentMicroEpsilonAfterRound: table, budgetMicroEpsilon }: StudyPrivacy,
  protocol: StudyProtocol,
): void {
  const { trainingRounds } = protocol;
  const rounds = roundsMax(protocol);
  if (table.length !== rounds)
    throw unsound(`spentMicroEpsilonAfterRound has ${table.length} entries, the study has ${rounds} rounds`);
  const falling = table.findIndex((spent, k) => k > 0 && spent < (table[k - 1] as number));
  if (falling >= 0)
    throw unsound(`spentMicroEpsilonAfterRound falls after round ${falling}: what is spent stays spent`);
  const spent = table[trainingRounds - 1] as number;
  if (spent > budgetMicroEpsilon)
    throw unsound(
      `${trainingRounds} training rounds spend ${spent / 1e6}, the budget is ${budgetMicroEpsilon / 1e6}: take more noise, fewer steps or fewer rounds`,
    );
}

/** One patient more must not change what another patient's rows are for: a share of all patients does. */
function requireIndependentPatients({ split, trainingShare, validationShare }: StudyProtocol): void {
  const why = 'one patient more would move another one in or out of training';
  if (split.kind !== 'listed') throw unsound(`the test rows must be listed, not a share by hash: ${why}`);
  if (trainingShare !== 1) throw unsound(`trainingShare must be 1, not ${trainingShare}: ${why}`);
  if (validationShare !== 0) throw unsound(`validationShare must be 0, not ${validationShare}: ${why}`);
}

/**
 * Whether the table is what the accountant says of q, sigma, steps and delta. Each gateway asks before its person proposes or
 * approves: whoever proposed may have written anything.
 *
 * @throws ConsiliumError PRIVACY_TABLE_FALSE with the first round that differs, what it says and what is spent
 */
export function requireTrueTable(protocol: StudyProtocol): void {
  const { privacy } = protocol;
  if (!privacy) return;
  const { samplingRate, noiseMultiplier, delta, spentMicroEpsilonAfterRound: given } = privacy;
  const expected = privacyTable(privacy, protocol);
  const wrong = expected.findIndex((spent, k) => Math.abs(spent - (given[k] ?? 0)) > MICRO_TOLERANCE);
  if (wrong < 0) return;
  throw refusal('PRIVACY_TABLE_FALSE', {
    rounds: wrong + 1,
    steps: protocol.training.steps,
    samplingRate,
    noiseMultiplier,
    delta,
    expected: expected[wrong] as number,
    found: given[wrong] ?? 'nothing',
  });
}

function unsound(problem: string): Error {
  return refusal('PROTOCOL_PRIVACY_UNSOUND', { problem });
}
