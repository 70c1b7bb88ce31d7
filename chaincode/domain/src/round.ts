/** A round and the facts that hospitals record about it. */
import { z } from 'zod';
import { CohortCommitment } from './consent.js';
import { RoundResult } from './evaluation.js';
import { Base64, Digest, Instant, Msp, RoundNumber, StudyId } from './ids.js';
import { VECTOR_ELEMENTS_MAX } from './limits.js';
import { VersionRef } from './model.js';
import { JoinedKeys, PinnedShareKey } from './roundKeys.js';

export const RoundKind = z.enum(['initial', 'statistics', 'training', 'evaluation']);
export type RoundKind = z.infer<typeof RoundKind>;

export const Phase = z.enum(['joining', 'contributing', 'unmasking', 'attesting']);
export type Phase = z.infer<typeof Phase>;

/**
 * Private mode: the survivors of an earlier round whose sum may have been opened. Two sums over one base with different
 * survivors would tell one hospital's update.
 */
export const FixedSurvivors = z.strictObject({
  kind: RoundKind,
  base: RoundNumber,
  round: RoundNumber,
  survivors: z.array(Msp),
});
export type FixedSurvivors = z.infer<typeof FixedSurvivors>;

/** Where a study stands before a round opens: all that the next rounds need of the ones before. */
export const Progress = z.strictObject({
  initialRecorded: z.boolean(),
  statisticsRecorded: z.boolean(),
  /** Training rounds that recorded a version, void ones too. */
  trainingRecorded: z.int().min(0),
  lastAccepted: VersionRef.nullable(),
  /** Recorded and not judged yet: the next round's base. Its parent is what it was trained on. */
  candidate: z.strictObject({ ...VersionRef.shape, parent: VersionRef }).nullable(),
  abortsInRow: z.int().min(0),
  rejectionsInRow: z.int().min(0),
  /** Reports of withdrawals that were gone back for, by hospital; only where the study says `retrain`, and there was one. */
  withdrawalsHandled: z.array(z.strictObject({ msp: Msp, reports: z.int().min(1) })).optional(),
  ended: z.enum(['evaluated', 'rounds', 'vote']).nullable(),
  /** Private mode: one for each kind and base that a round may still be over. */
  fixed: z.array(FixedSurvivors).optional(),
});
export type Progress = z.infer<typeof Progress>;

export const Round = z.strictObject({
  study: StudyId,
  round: RoundNumber,
  kind: RoundKind,
  /** Version of the study's protocol, and its hash. */
  protocolVersion: z.int().min(1),
  protocolHash: Digest,
  /** What is trained on or evaluated; null for `initial`. */
  base: VersionRef.nullable(),
  /** The base's parent where the base is a candidate: both are evaluated, and the base is judged. */
  candidateParent: VersionRef.nullable(),
  /** A: the members that may join, in byte order. */
  available: z.array(Msp),
  /** Private mode: of every member that has one, the key that shares are sealed to, in byte order of members. */
  shareKeys: z.array(PinnedShareKey).optional(),
  /** Private mode: no reveal is accepted unless these survive, since a sum of theirs over this base may be open. */
  sameSurvivorsAs: z.strictObject({ round: RoundNumber, survivors: z.array(Msp) }).optional(),
  deadlines: z.strictObject({ joinBy: Instant, contributeBy: Instant, unmaskBy: Instant, attestBy: Instant }),
  progress: Progress,
  openedBy: Msp,
  openedAt: Instant,
});
export type Round = z.infer<typeof Round>;

export const Join = z.strictObject({
  study: StudyId,
  round: RoundNumber,
  msp: Msp,
  cohort: CohortCommitment.optional(),
  /** Private mode. */
  keys: JoinedKeys.optional(),
  at: Instant,
});
export type Join = z.infer<typeof Join>;

/** A member's signature that it holds a vector: Ed25519 over `receiptPayload`. */
export const Receipt = z.strictObject({ msp: Msp, signature: Base64.length(88) });
export type Receipt = z.infer<typeof Receipt>;

export const Contribution = z.strictObject({
  study: StudyId,
  round: RoundNumber,
  msp: Msp,
  vectorDigest: Digest,
  /** Elements of 4 bytes. */
  vectorLength: z.int().min(1).max(VECTOR_ELEMENTS_MAX),
  receipts: z.array(Receipt).max(50),
  at: Instant,
});
export type Contribution = z.infer<typeof Contribution>;

/**
 * Why a round that all recomputed makes no version. `TOO_FEW_UPDATES`: fewer hospitals with patients than the aggregation
 * rule needs.
 */
export const NoVersionReason = z.enum(['ZERO_WEIGHT', 'ONE_CLASS', 'TOO_FEW_UPDATES']);
export type NoVersionReason = z.infer<typeof NoVersionReason>;

/** Why a sum could not be opened: proof against a dealer, or a dealer's boxes that too few holders could open, which is none. */
export const SealedReason = z.enum(['BAD_DEALER', 'UNOPENED']);
export type SealedReason = z.infer<typeof SealedReason>;

export const Outcome = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('version'), digest: Digest, sumDigest: Digest.nullable(), result: RoundResult }),
  z.strictObject({ kind: z.literal('none'), reason: NoVersionReason, sumDigest: Digest }),
  z.strictObject({ kind: z.literal('sealed'), reason: SealedReason, dealer: Msp }),
]);
export type Outcome = z.infer<typeof Outcome>;

export const Attestation = z.strictObject({
  study: StudyId,
  round: RoundNumber,
  msp: Msp,
  outcome: Outcome,
  at: Instant,
});
export type Attestation = z.infer<typeof Attestation>;

export const AbortReason = z.enum([
  'TOO_FEW_CONTRIBUTIONS',
  'TOO_FEW_SHARES',
  'TOO_FEW_ATTESTATIONS',
  'DIFFERENCING',
  'DISPUTED',
  'VOTED',
]);
export type AbortReason = z.infer<typeof AbortReason>;

/** Written only by a deadline or an abort. */
export const Close = z.strictObject({
  study: StudyId,
  round: RoundNumber,
  phase: Phase,
  /** Who had recorded the phase's fact: the roster (joining), the survivors (contributing), those who attested. */
  found: z.array(Msp),
  abort: AbortReason.nullable(),
  closedBy: Msp,
  at: Instant,
});
export type Close = z.infer<typeof Close>;

/** The text that a receipt signs. */
export function receiptPayload(
  channel: string,
  study: string,
  round: number,
  contributor: string,
  vectorDigest: string,
): string {
  return ['consilium-receipt', channel, study, String(round), contributor, vectorDigest].join('\n');
}
