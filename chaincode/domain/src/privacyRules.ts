/** What a study with differential privacy must be, so that its epsilon is true. */
import { spentMicroEpsilonAfterRounds } from './accountant.js';
import { refusal } from './errors.js';
import { roundsMax, type StudyProtocol } from './study.js';
import type { StudyPrivacy } from './studyPrivacy.js';

/** An engine's logarithms and exponentials may differ in their last bits: so much a table may be off, in millionths. */
const MICRO_TOLERANCE = 1;

/** The table that a protocol of these settings has. */
export function privacyTable(
  privacy: Pick<StudyPrivacy, 'samplingRate' | 'noiseMultiplier' | 'delta'>,
  protocol: Pick<StudyProtocol, 'trainingRounds' | 'roundsMax' | 'training'>,
): number[] {
  return spentMicroEpsilonAfterRounds(privacy, privacy.delta, protocol.training.steps, roundsMax(protocol));
}

/**
 * What must hold so that nothing but noised gradients leaves the training patients of a hospital, and so that the table is
 * the accountant's. Each hospital asks this before it approves.
 *
 * @throws ConsiliumError PROTOCOL_PRIVACY_UNSOUND with the reason
 */
export function requireSoundPrivacy(protocol: StudyProtocol): void {
  const { privacy, members, standardisation, metrics, model, trainingRounds } = protocol;
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
  requireTable(privacy, protocol);
  const spent = privacy.spentMicroEpsilonAfterRound[trainingRounds - 1] as number;
  if (spent > privacy.budgetMicroEpsilon)
    throw unsound(
      `${trainingRounds} training rounds spend ${spent / 1e6}, the budget is ${privacy.budgetMicroEpsilon / 1e6}: take more noise, fewer steps or fewer rounds`,
    );
}

/** One patient more must not change what another patient's rows are for: a share of all patients does. */
function requireIndependentPatients({ split, trainingShare, validationShare }: StudyProtocol): void {
  const why = 'one patient more would move another one in or out of training';
  if (split.kind !== 'listed') throw unsound(`the test rows must be listed, not a share by hash: ${why}`);
  if (trainingShare !== 1) throw unsound(`trainingShare must be 1, not ${trainingShare}: ${why}`);
  if (validationShare !== 0) throw unsound(`validationShare must be 0, not ${validationShare}: ${why}`);
}

function requireTable(privacy: StudyPrivacy, protocol: StudyProtocol): void {
  const expected = privacyTable(privacy, protocol);
  const given = privacy.spentMicroEpsilonAfterRound;
  if (given.length !== expected.length)
    throw unsound(`spentMicroEpsilonAfterRound has ${given.length} entries, the study has ${expected.length} rounds`);
  const wrong = given.findIndex((spent, k) => Math.abs(spent - (expected[k] as number)) > MICRO_TOLERANCE);
  if (wrong >= 0)
    throw unsound(
      `after ${wrong + 1} rounds ${expected[wrong]} millionths of epsilon are spent, the table says ${given[wrong]}`,
    );
}

function unsound(problem: string): Error {
  return refusal('PROTOCOL_PRIVACY_UNSOUND', { problem });
}
