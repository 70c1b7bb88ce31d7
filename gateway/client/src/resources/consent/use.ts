/** What consents were used for: cohorts, the rounds that they were in, and the versions made of those. */
import {
  CohortCommitment,
  ConsentKind,
  ConsentReason,
  ConsentRef,
  Digest,
  Instant,
  Msp,
  RoundNumber,
  StudyId,
  VersionStatus,
} from '@consilium/domain';
import { z } from 'zod';
import { LedgerPlace, pageAtHeight } from './event.js';
import { DecisionAnswer, DecisionReason, EventState } from './record.js';

const Count = z.int().min(0);

/** A version that a round made. Null: none was made, or this hospital's contribution is not part of it. */
const VersionMade = z.object({ version: RoundNumber, digest: Digest, status: VersionStatus }).nullable();

/** A commitment to a cohort, and what came of its round. */
export const CohortUse = z.object({
  study: StudyId,
  round: RoundNumber,
  msp: Msp,
  cohort: CohortCommitment,
  joinedAt: Instant,
  /** Whether the hospital contributed to the round after joining it. */
  contributed: z.boolean(),
  version: VersionMade,
  record: LedgerPlace,
});
export type CohortUse = z.infer<typeof CohortUse>;
export const CohortUsePage = pageAtHeight(CohortUse);

/** A round whose selection held one patient. */
export const PatientUse = z.object({
  study: StudyId,
  round: RoundNumber,
  selectedAt: Instant,
  root: Digest,
  policyVersion: z.int().min(1),
  purposes: z.array(z.string()),
  /** Whether this hospital joined the round with that selection. */
  joined: z.boolean(),
  contributed: z.boolean(),
  version: VersionMade,
  record: LedgerPlace.nullable(),
});
export type PatientUse = z.infer<typeof PatientUse>;
export const PatientUsePage = pageAtHeight(PatientUse);

/** The first cohort of this hospital that was committed afterwards. */
const FirstRound = z.object({ study: StudyId, round: RoundNumber, joinedAt: Instant, record: LedgerPlace }).nullable();

/** `by-its-terms`: the validity of a consent, or its limit in months, is over, and no event followed it by then. */
export const Ended = z.enum(['by-event', 'by-its-terms']);

/**
 * What ended or narrowed what was allowed: its two times, and the first round after each. Of what ended by its own terms,
 * the ledger has the event that says so, from before.
 */
export const WithdrawalResource = z.object({
  ended: Ended,
  ref: ConsentRef,
  seq: Count,
  kind: ConsentKind,
  reason: ConsentReason,
  effectiveHereAt: Instant,
  state: EventState,
  ledger: z.object({ ...LedgerPlace.shape, recordedAt: Instant }).nullable(),
  /** After it took effect here: of the study that was asked about, else of all. */
  firstRoundAfterHere: FirstRound,
  /** After it took effect and stood on the ledger; null where it does not stand there yet. */
  firstRoundAfterLedger: FirstRound,
});
export type WithdrawalResource = z.infer<typeof WithdrawalResource>;
export const WithdrawalPage = pageAtHeight(WithdrawalResource);

/** The first rounds of one study after a withdrawal. */
export const RoundsAfterResource = z.object({
  study: StudyId,
  firstRoundAfterHere: FirstRound,
  firstRoundAfterLedger: FirstRound,
});
export type RoundsAfterResource = z.infer<typeof RoundsAfterResource>;
export const RoundsAfterPage = pageAtHeight(RoundsAfterResource);

/** A selection: how many were allowed, and the hash of the list that stays in the hospital. */
export const SelectionResource = z.object({
  id: z.int().min(0),
  study: StudyId,
  round: RoundNumber,
  at: Instant,
  commitment: CohortCommitment,
  listHash: Digest,
  allowed: Count,
  denied: Count,
  abstained: Count,
  /** Patients of whom nothing is on file, where silence denies. */
  withoutRecord: Count,
});
export type SelectionResource = z.infer<typeof SelectionResource>;
export const SelectionPage = pageAtHeight(SelectionResource);

/** One decision about one record. */
export const SelectionDecision = z.object({
  ref: ConsentRef,
  answer: DecisionAnswer,
  reasons: z.array(DecisionReason),
});
export type SelectionDecision = z.infer<typeof SelectionDecision>;
export const SelectionDecisionPage = pageAtHeight(SelectionDecision);
