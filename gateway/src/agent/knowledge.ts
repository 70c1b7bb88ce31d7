/** What an agent knows besides the ledger, as far as it decides what is owed. */
import type { Digest, Msp, Receipt, VersionRef } from '@consilium/domain';
import type { CohortStanding } from './cohortStanding.js';
import type { Journal } from './ports.js';
import type { SecretStanding } from './secretKnowledge.js';
import type { RoundView } from './studyView.js';

export type Knowledge = Readonly<{
  msp: Msp;
  journal: Pick<Journal, 'get'>;
  /** Whether a file or a vector is on this hospital's disk. */
  holds(digest: Digest): boolean;
  /** Receipts for this hospital's own vector of a round, by the member that signed. */
  receipts(round: number): ReadonlyMap<Msp, Receipt>;
  /** How often a step has failed in a row. */
  failures(stepKey: string): number;
  /** Of a study that asks for consent: how this hospital's cohort of a round stands now. */
  cohort(round: number): CohortStanding;
  /** Of a private study: what is kept of its secrets. */
  secrets(): SecretStanding;
  /** Rounds of long ago that left a vector on the disk, never contributed. */
  leftovers(): readonly RoundView[];
  /** Rounds of the study whose cohorts held patients that may not be used any more, not reported yet. */
  withdrawals(): Readonly<{ fromRound: number; toRound: number }> | undefined;
  /** The newest version, among one and its ancestors, that this hospital attested otherwise and has not verified. */
  dispute(version: VersionRef | null): number | undefined;
}>;
