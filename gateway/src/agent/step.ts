/** What an agent can owe: each step is done once, and done again until its effect is seen. */

import type { Digest, Msp, Phase, StudyId, VersionRef } from '@consilium/domain';
import type { SittingOutReason } from './cohortStanding.js';

export type Step = Readonly<
  { study: StudyId; round: number } & (
    | { name: 'registerMember' }
    | { name: 'openRound'; attestedBy: readonly Msp[] }
    | { name: 'registerShareKey'; index: number }
    | { name: 'joinRound' }
    | { name: 'fetchVersion'; version: VersionRef; holders: readonly Msp[] }
    | { name: 'makeVector' }
    | { name: 'shareVector'; to: Msp; digest: Digest }
    | { name: 'contribute' }
    | { name: 'reveal' }
    | { name: 'forgetSecrets'; shareKeys: readonly number[]; rounds: readonly number[] }
    | { name: 'aggregate' }
    | { name: 'attest' }
    | { name: 'closePhase'; phase: Phase }
    | { name: 'abortRound' }
    | { name: 'recordVersion'; attestedBy: readonly Msp[] }
    | { name: 'reportEvaluation' }
    | { name: 'sitOut'; reason: SittingOutReason }
    | { name: 'forgetVector' }
    /** `round` is `fromRound`. */
    | { name: 'reportWithdrawal'; report: number; fromRound: number; toRound: number }
  )
>;
export type StepName = Step['name'];
export type StepOf<Name extends StepName> = Extract<Step, { name: Name }>;

/** Names a step: two with one key are never under way together. */
export function stepKey(step: Step): string {
  const about = [step.name, step.study, String(step.round)];
  if (step.name === 'shareVector') about.push(step.to);
  if (step.name === 'closePhase') about.push(step.phase);
  if (step.name === 'reportWithdrawal') about.push(String(step.report));
  if (step.name === 'fetchVersion') about.push(step.version.digest);
  return about.join(' ');
}
