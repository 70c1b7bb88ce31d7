/** A study as its members see it, and what people can ask of it. */
import {
  Approval,
  Digest,
  Instant,
  Msp,
  PrivacySpending,
  Progress,
  RoundNumber,
  StudyId,
  StudyProtocol,
  Vote,
  VoteSubject,
} from '@consilium/domain';
import { z } from 'zod';
import { RecordedAt } from './record.js';

/** `proposed`: approvals are missing. `paused`: members must vote to go on. `ended`: and its last version is recorded. */
export const StudyStage = z.enum(['proposed', 'active', 'paused', 'ended']);
export type StudyStage = z.infer<typeof StudyStage>;

export const ApprovalResource = z.object({ ...Approval.shape, record: RecordedAt });
export type ApprovalResource = z.infer<typeof ApprovalResource>;

/** One version of a study's protocol, with the approvals of its hash. */
export const StudyVersionResource = z.object({
  version: z.int().min(1),
  protocolHash: Digest,
  proposedBy: z.object({ msp: Msp, id: z.string() }),
  proposedAt: Instant,
  approvals: z.array(ApprovalResource),
  record: RecordedAt,
});
export type StudyVersionResource = z.infer<typeof StudyVersionResource>;

/** Votes on one subject. It is carried once `needed` members said yes. */
export const VoteTally = z.object({
  subject: VoteSubject,
  needed: z.int().min(1),
  carried: z.boolean(),
  votes: z.array(z.object({ ...Vote.shape, record: RecordedAt })),
});
export type VoteTally = z.infer<typeof VoteTally>;

export const StudySummary = z.object({
  study: StudyId,
  title: z.string(),
  stage: StudyStage,
  /** All members approved the newest version. */
  active: z.boolean(),
  /** The newest version of its protocol, and that version's hash. */
  version: z.int().min(1),
  protocolHash: Digest,
  members: z.array(Msp),
  /** Members that have not approved the newest version. */
  missingApprovals: z.array(Msp),
  /** Members whose agent has registered its receipt key. */
  registered: z.array(Msp),
  /** Rounds that were opened. */
  rounds: z.int().min(0),
});
export type StudySummary = z.infer<typeof StudySummary>;

/** What keeps this hospital from going on: its agent failed at it, or must not do it, and has not done it since. */
export const FailureResource = z.object({
  /** What was tried: `makeVector`, `shareVector`, `aggregate`… */
  step: z.string(),
  round: RoundNumber,
  /** From the catalogue of errors. */
  code: z.string(),
  detail: z.string(),
  /** How often in a row. */
  times: z.int().min(1),
  at: Instant,
});
export type FailureResource = z.infer<typeof FailureResource>;

export const StudyResource = z.object({
  ...StudySummary.shape,
  protocol: StudyProtocol,
  /** Oldest first. */
  versions: z.array(StudyVersionResource),
  votes: z.array(VoteTally),
  /** Where the study stands after its last settled round. */
  progress: Progress,
  /** Differential privacy: what members have spent, in byte order of their MSPs. */
  spent: z.array(z.object({ ...PrivacySpending.shape, record: RecordedAt })),
  /** Why this hospital makes no progress, if it does not: it is tried again by itself once the cause is gone. */
  failures: z.array(FailureResource),
});
export type StudyResource = z.infer<typeof StudyResource>;

/** A study as its proposer writes it: defaults of the protocol may be left out. */
export const StudyBody = z.strictObject({ study: StudyId, protocol: StudyProtocol });
export type StudyBody = z.input<typeof StudyBody>;

/** What a signature under a protocol means where the signer does not say. */
export const APPROVAL_MEANING = 'This hospital takes part in the study under this protocol.';

export const ApprovalBody = z.strictObject({
  version: z.int().min(1),
  protocolHash: Digest,
  meaning: Approval.shape.meaning.default(APPROVAL_MEANING),
  reason: Approval.shape.reason.default(''),
});
export type ApprovalBody = z.input<typeof ApprovalBody>;

export const VoteBody = z.strictObject({
  subject: VoteSubject,
  yes: z.boolean(),
  reason: Vote.shape.reason.default(''),
});
export type VoteBody = z.input<typeof VoteBody>;
