/** A round: what was recorded about it, what that means, and when it was worked on here. */
import {
  AbortReason,
  Attestation,
  Close,
  Contribution,
  Digest,
  HospitalTimings,
  Join,
  Msp,
  NoVersionReason,
  Outcome,
  Phase,
  Reveal,
  Round,
  RoundKind,
  RoundNumber,
  SealedReason,
  StudyId,
  VersionStatus,
} from '@consilium/domain';
import { z } from 'zod';
import { RecordedAt } from './record.js';

export const RoundStage = z.enum([...Phase.options, 'agreed', 'aborted']);
export type RoundStage = z.infer<typeof RoundStage>;

export const RoundSummary = z.object({
  study: StudyId,
  round: RoundNumber,
  kind: RoundKind,
  stage: RoundStage,
  base: Round.shape.base,
  openedBy: Msp,
  openedAt: Round.shape.openedAt,
  /** Null until it is known. */
  roster: z.array(Msp).nullable(),
  survivors: z.array(Msp).nullable(),
  /** The largest number of equal attestations. */
  attestations: z.int().min(0),
  /** The version that was agreed on; null where there is none (yet). */
  modelDigest: Digest.nullable(),
  /** Of that version, once recorded. */
  status: VersionStatus.nullable(),
  abort: z.object({ phase: Phase, reason: z.union([AbortReason, NoVersionReason, SealedReason]) }).nullable(),
});
export type RoundSummary = z.infer<typeof RoundSummary>;

/** Members that attested another outcome than the one that t members agreed on. */
export const Dispute = z.object({ outcome: Outcome, members: z.array(Msp) });
export type Dispute = z.infer<typeof Dispute>;

export const RoundResource = z.object({
  ...RoundSummary.shape,
  opened: z.object({ ...Round.shape, record: RecordedAt }),
  joins: z.record(Msp, z.object({ ...Join.shape, record: RecordedAt })),
  contributions: z.record(Msp, z.object({ ...Contribution.shape, record: RecordedAt })),
  /** Private mode. */
  reveals: z.record(Msp, z.object({ ...Reveal.shape, record: RecordedAt })),
  attested: z.record(Msp, z.object({ ...Attestation.shape, record: RecordedAt })),
  closes: z.array(z.object({ ...Close.shape, record: RecordedAt })),
  disputes: z.array(Dispute),
  /** When this hospital did what; null where it took no part since its gateway started. */
  timings: HospitalTimings.nullable(),
});
export type RoundResource = z.infer<typeof RoundResource>;

/** What an aggregation rule that looks at single updates made of one hospital's. */
const UpdateScore = z.object({
  msp: Msp,
  /** As it was sent, and as it counted: 0 is a hospital without patients, which is left out. */
  weightSent: z.int(),
  weight: z.int().min(0),
  /** L2 norm of the update as it was sent. */
  norm: z.number().min(0),
  /** Below 1: the update was longer than the protocol allows, and was scaled down by this. */
  clipFactor: z.number().min(0).max(1),
  /** L2 distance from the update that the rule gave. */
  distance: z.number().min(0),
  /** Krum and multi-Krum: the sum of squared distances to the closest others, and whether the update was chosen by it. */
  krumScore: z.number().min(0).optional(),
  chosen: z.boolean().optional(),
});

/**
 * What a second implementation found, from signed bytes alone: transactions, endorsements, certificates, blocks, and the
 * round computed again. `ran: false` says why it could not look.
 */
export const IndependentCheck = z.discriminatedUnion('ran', [
  z.object({
    ran: z.literal(true),
    holds: z.boolean(),
    /** Hash of the channel's first block, as this hospital's peer has it: compare it with another hospital's. */
    genesis: z.string().nullable(),
    failures: z.array(z.object({ where: z.string(), why: z.string() })),
    about: z.array(z.string()),
    proven: z.array(z.string()),
    /** What it does not prove. */
    limits: z.array(z.string()),
  }),
  z.object({ ran: z.literal(false), why: z.string() }),
]);
export type IndependentCheck = z.infer<typeof IndependentCheck>;

/** What a hospital's own recomputation of a round found. */
export const VerificationReport = z.object({
  study: StudyId,
  round: RoundNumber,
  /** Whether every check passed, the second implementation's too where it ran. */
  ok: z.boolean(),
  /** Each thing that was recomputed, or compared with what is recorded. */
  checks: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string() })),
  independent: IndependentCheck,
  /** Whether this hospital had attested another outcome than the recorded one, and may now go on. */
  disputeLifted: z.boolean(),
  /** Of a training round whose aggregation rule looks at single updates; else null. */
  scores: z.array(UpdateScore).nullable(),
  /**
   * First elements, int32, of each vector as it travelled between hospitals (masked in private mode: noise to whoever reads
   * it), and of their sum, null where it does not open. Null of a round that adds up nothing.
   */
  excerpt: z.object({ vectors: z.record(Msp, z.array(z.int())), sum: z.array(z.int()).nullable() }).nullable(),
});
export type VerificationReport = z.infer<typeof VerificationReport>;
