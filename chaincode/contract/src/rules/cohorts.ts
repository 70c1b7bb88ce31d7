/** What a hospital may join a round with: a cohort that its own newest policy, its epoch and the study's purposes agree on. */
import {
  type CohortCommitment,
  type ConsentPolicy,
  type DataPermit,
  type Msp,
  matchPolicy,
  type RestrictionEpoch,
  refusal,
  type StudyId,
  type StudyProtocol,
} from '@consilium/domain';
import { epochNumber } from './consentRecords.js';

/** All of the joining hospital itself: no other hospital's transaction writes any of it. */
export type CohortFacts = Readonly<{
  protocol: StudyProtocol;
  /** The newest policy of this hospital. */
  policy: ConsentPolicy | undefined;
  epoch: RestrictionEpoch | undefined;
  permit: DataPermit | undefined;
}>;

/**
 * Without a word about consent, a hospital that has a policy lends its patients to public studies alone.
 * @throws ConsiliumError CONSENT_COHORT_UNASKED, CONSENT_REQUIRED, CONSENT_COHORT_MISSING, CONSENT_POLICY_UNKNOWN,
 *   CONSENT_EPOCH_STALE, CONSENT_POLICY_STALE, CONSENT_PURPOSES_DIFFER, CONSENT_POLICY_EXCLUDES, PERMIT_REQUIRED
 */
export function requireCohort(
  { study, msp, cohort }: Readonly<{ study: StudyId; msp: Msp; cohort: CohortCommitment | undefined }>,
  facts: CohortFacts,
): void {
  const { protocol, policy } = facts;
  if (!protocol.consent) {
    if (cohort) throw refusal('CONSENT_COHORT_UNASKED', { study });
    if (policy && !protocol.publicData) throw refusal('CONSENT_REQUIRED', { msp, study });
    return;
  }
  if (!cohort) throw refusal('CONSENT_COHORT_MISSING', { study });
  if (!policy) throw refusal('CONSENT_POLICY_UNKNOWN', { msp, version: cohort.policyVersion });
  requireCurrent(cohort, policy, facts.epoch);
  requirePurposes(cohort, study, protocol);
  requirePermitted(policy, study, protocol);
  if (protocol.consent.legalBasis === 'ehds-permit' && !facts.permit) throw refusal('PERMIT_REQUIRED', { study, msp });
}

/** The same matcher that the gateway asks before it selects. */
function requirePermitted(policy: ConsentPolicy, study: StudyId, protocol: StudyProtocol): void {
  const { answer, reasons } = matchPolicy(policy, protocol);
  if (answer === 'allow') return;
  const { version, msp } = policy;
  const reason = reasons.map(({ text }) => text).join(' ');
  throw refusal('CONSENT_POLICY_EXCLUDES', { version, msp, what: `study ${study}`, reason });
}

function requireCurrent(
  { restrictionEpoch: committed, policyVersion }: CohortCommitment,
  { msp, version }: ConsentPolicy,
  epoch: RestrictionEpoch | undefined,
): void {
  const current = epochNumber(epoch);
  if (committed !== current) throw refusal('CONSENT_EPOCH_STALE', { committed, current });
  if (policyVersion !== version)
    throw refusal('CONSENT_POLICY_STALE', { committed: policyVersion, msp, current: version });
}

function requirePurposes({ purposes }: CohortCommitment, study: StudyId, { purposes: asked }: StudyProtocol): void {
  const told = (codes: readonly string[]) => [...new Set(codes)].sort().join(', ') || 'no purpose';
  const [found, expected] = [told(purposes), told(asked)];
  if (found !== expected) throw refusal('CONSENT_PURPOSES_DIFFER', { found, study, expected });
}
