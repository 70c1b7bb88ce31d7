/**
 * What a hospital's patients have spent of a study's privacy budget, counted on the ledger in whole numbers.
 *
 * A training round is paid for when the hospital joins it, whatever comes later: one that is aborted has been seen by
 * others all the same. What it costs is the next entry of the approved table, `spentMicroEpsilonAfterRound`, which each
 * gateway compared with the accountant before its person approved.
 *
 * The record is of the study, whatever version of its protocol: no version can follow the first round (STUDY_RUNNING), so
 * all joins are of one table. A join on another version than those before it is refused nevertheless: two tables do not add
 * up to a table, and their deltas would add up, too.
 */
import { z } from 'zod';
import { refusal } from './errors.js';
import { Msp, StudyId } from './ids.js';
import type { Round, RoundKind } from './round.js';
import { quorum, type StudyProtocol } from './study.js';
import type { StudyPrivacy } from './studyPrivacy.js';

/** What stands under `spent~study~MSP`; only the hospital's own joins write it, and it only grows. */
export const PrivacySpending = z.strictObject({
  study: StudyId,
  msp: Msp,
  /** Version of the study's protocol whose table counts. */
  protocolVersion: z.int().min(1),
  /** Training rounds that the hospital has joined. */
  joins: z.int().min(1),
  /** Millionths of epsilon, at the protocol's delta. */
  microEpsilon: z.int().min(0),
});
export type PrivacySpending = z.infer<typeof PrivacySpending>;

/** What a member has spent; undefined: nothing yet. */
export type SpendingOf = (msp: Msp) => PrivacySpending | undefined;

type Charged = Pick<StudyProtocol, 'privacy'>;

/** Rounds in which patients' gradients leave a hospital. An evaluation looks at test rows, which epsilon does not cover. */
function isCharged(protocol: Charged, kind: RoundKind): boolean {
  return protocol.privacy !== undefined && kind === 'training';
}

/** Millionths spent after one more training round; undefined beyond the end of the table. */
function spentAfterOneMore(privacy: StudyPrivacy, before: PrivacySpending | undefined): number | undefined {
  return privacy.spentMicroEpsilonAfterRound[before?.joins ?? 0];
}

function affords(privacy: StudyPrivacy, before: PrivacySpending | undefined): boolean {
  const next = spentAfterOneMore(privacy, before);
  return next !== undefined && next <= privacy.budgetMicroEpsilon;
}

/** Those whose budget pays for a round of this kind. */
export function ableToPay(protocol: Charged, kind: RoundKind, hospitals: readonly Msp[], spent: SpendingOf): Msp[] {
  const { privacy } = protocol;
  if (!privacy || !isCharged(protocol, kind)) return [...hospitals];
  return hospitals.filter((msp) => affords(privacy, spent(msp)));
}

/** The kind of the next round: where no quorum of members can pay for more training, what there is is evaluated. */
export function affordableKind(protocol: StudyProtocol, kind: RoundKind, spent: SpendingOf): RoundKind {
  return ableToPay(protocol, kind, protocol.members, spent).length < quorum(protocol) ? 'evaluation' : kind;
}

/**
 * What stands once the hospital has joined the round.
 * @returns undefined where the round costs nothing
 * @throws ConsiliumError PRIVACY_BUDGET_SPENT, PRIVACY_VERSION_DIFFERS
 */
export function spendingAfter(
  protocol: Charged,
  { study, kind, protocolVersion }: Pick<Round, 'study' | 'kind' | 'protocolVersion'>,
  msp: Msp,
  before: PrivacySpending | undefined,
): PrivacySpending | undefined {
  const { privacy } = protocol;
  if (!privacy || !isCharged(protocol, kind)) return undefined;
  if (before && before.protocolVersion !== protocolVersion)
    throw refusal('PRIVACY_VERSION_DIFFERS', { study, msp, before: before.protocolVersion, version: protocolVersion });
  const microEpsilon = spentAfterOneMore(privacy, before);
  if (microEpsilon === undefined || microEpsilon > privacy.budgetMicroEpsilon)
    throw refusal('PRIVACY_BUDGET_SPENT', {
      study,
      msp,
      spent: before?.microEpsilon ?? 0,
      next: microEpsilon ?? 'more than the table says',
      budget: privacy.budgetMicroEpsilon,
    });
  return { study, msp, protocolVersion, joins: (before?.joins ?? 0) + 1, microEpsilon };
}
