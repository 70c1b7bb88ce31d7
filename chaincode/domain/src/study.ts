/** A study: its protocol, and what members sign about it. */
import { z } from 'zod';
import { updatesNeeded } from './aggregationRule.js';
import { Digest, Instant, Msp, RoundNumber, StudyId } from './ids.js';
import {
  ACCEPTANCE_SLACK_MICRO,
  CONTRIBUTE_DEADLINE_MS,
  FINISH_DEADLINE_MS,
  HELD_OUT_PATIENTS_MAX,
  HOSPITALS_PER_STUDY_MAX,
  HOSPITALS_PER_STUDY_MIN,
  JOIN_DEADLINE_MS,
  MASKED_VECTOR_RETENTION_DAYS_MAX,
  PHASE_DEADLINE_MS_MAX,
  PHASE_DEADLINE_MS_MIN,
  REASON_CHARACTERS_MAX,
  ROUNDS_BEYOND_TRAINING,
  TRAINING_ROUNDS_MAX,
  VALIDATION_SHARE,
} from './limits.js';
import { FeatureColumns, LabelRule } from './protocolColumns.js';
import { Model, TensorName } from './protocolModel.js';
import { Aggregation, LocalTraining } from './protocolTraining.js';
import { StudyConsent } from './studyConsent.js';
import { StudyPrivacy } from './studyPrivacy.js';

export const StudyMode = z.enum(['open', 'private']);
export type StudyMode = z.infer<typeof StudyMode>;

const PhaseDuration = z.int().min(PHASE_DEADLINE_MS_MIN).max(PHASE_DEADLINE_MS_MAX);

/**
 * What is kept for the test. `listed`: each hospital's source lists its test rows. `hash`: the share of patients whose
 * SHA-256(split seed ‖ patient) is lowest.
 */
export const TestSplit = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('listed') }),
  z.strictObject({
    kind: z.literal('hash'),
    testShare: z.number().min(0.05).max(0.9),
    seed: z
      .int()
      .min(0)
      .max(2 ** 32 - 1)
      .default(0),
  }),
]);
export type TestSplit = z.infer<typeof TestSplit>;

export const Members = z
  .array(Msp)
  .min(HOSPITALS_PER_STUDY_MIN)
  .max(HOSPITALS_PER_STUDY_MAX)
  .refine((members) => new Set(members).size === members.length, { error: 'members must differ' })
  .refine((members) => members.every((member, k) => k === 0 || (members[k - 1] as string) < member), {
    error: 'members stand in the byte order of their MSP ids',
  });

/** What all members approve, by the SHA-256 of its canonical JSON. A changed protocol is a new version with new approvals. */
export const StudyProtocol = z.strictObject({
  schemaVersion: z.literal(1),
  title: z.string().min(1).max(200),
  description: z.string().max(4_000).default(''),
  members: Members,
  /** GA4GH DUO codes of the study's purposes, such as `DUO:0000007`. */
  purposes: z
    .array(z.string().regex(/^DUO:\d{7}$/))
    .max(20)
    .default([]),
  /** Declared to be of public data: then counts below SMALL_CELL_MIN may stand on the ledger. */
  publicData: z.boolean().default(false),
  /** Each hospital takes only patients whose consent allows the study. Absent: consent does not apply, of public data say. */
  consent: StudyConsent.optional(),
  mode: StudyMode,
  /** `open`: per-hospital figures are reported. `sums`: sums only. `final`: no evaluation before the last round. */
  metrics: z.enum(['open', 'sums', 'final']).default('sums'),
  columns: FeatureColumns,
  label: LabelRule,
  /** `federated`: z-score by the statistics round. `per-hospital`: by each hospital's own rows. `declared-ranges`: to [-1, 1]. */
  standardisation: z.enum(['federated', 'per-hospital', 'declared-ranges']),
  split: TestSplit,
  /**
   * Part of each hospital's training rows that the study uses: the max(1, round(share * rows)) whose
   * SHA-256(protocol seed in decimal ‖ line feed ‖ patient) is lowest, so a larger share holds a smaller one. Applied by
   * the data source before anything else looks at training rows.
   */
  trainingShare: z.number().gt(0).max(1).default(1),
  /** Share of the training rows on which training rounds evaluate; 0 means the training rows themselves. */
  validationShare: z.number().min(0).max(0.5).default(VALIDATION_SHARE),
  model: Model,
  /** Tensors that never leave their hospital: an intercept, a head, a normalisation. */
  personalTensors: z.array(TensorName).max(100).default([]),
  seed: z
    .int()
    .min(0)
    .max(2 ** 32 - 1),
  engine: z.enum(['auto', 'tfjs-node', 'wasm']).default('auto'),
  training: LocalTraining,
  aggregation: Aggregation,
  /** Differential privacy for each hospital's patients; absent: none. */
  privacy: StudyPrivacy.optional(),
  trainingRounds: z.int().min(1).max(TRAINING_ROUNDS_MAX),
  /** Rounds in all, aborted ones too; absent: trainingRounds + ROUNDS_BEYOND_TRAINING. */
  roundsMax: z
    .int()
    .min(2)
    .max(2 * TRAINING_ROUNDS_MAX)
    .optional(),
  /** What is released is the mean of the versions from this round on; absent: the last version. */
  averageFrom: RoundNumber.optional(),
  /** Hospitals that a round needs; absent: floor(N/2)+1 in open mode, at least 3 in private mode. */
  quorum: z.int().min(2).max(HOSPITALS_PER_STUDY_MAX).optional(),
  /** The slack a patient, in millionths of a nat, that the acceptance rule allows; absent: the default. */
  acceptanceSlackMicro: z.int().min(0).max(16_000_000).default(ACCEPTANCE_SLACK_MICRO),
  /** Held-out (and training) patients that a hospital may count. */
  patientsMax: z.int().min(1).max(10_000_000).default(HELD_OUT_PATIENTS_MAX),
  /** Private mode: how many days members keep the masked vectors of a round that is over; absent: the default. */
  maskedVectorDays: z.int().min(1).max(MASKED_VECTOR_RETENTION_DAYS_MAX).optional(),
  deadlines: z
    .strictObject({
      joinMs: PhaseDuration.default(JOIN_DEADLINE_MS),
      contributeMs: PhaseDuration.default(CONTRIBUTE_DEADLINE_MS),
      finishMs: PhaseDuration.default(FINISH_DEADLINE_MS),
    })
    .default({ joinMs: JOIN_DEADLINE_MS, contributeMs: CONTRIBUTE_DEADLINE_MS, finishMs: FINISH_DEADLINE_MS }),
});
export type StudyProtocol = z.infer<typeof StudyProtocol>;

/** What stands under `study~id`. */
export const Study = z.strictObject({ study: StudyId, versions: z.int().min(1) });
export type Study = z.infer<typeof Study>;

/** What stands under `study~id~version`. */
export const StudyVersion = z.strictObject({
  study: StudyId,
  version: z.int().min(1),
  protocol: StudyProtocol,
  protocolHash: Digest,
  proposedBy: z.strictObject({ msp: Msp, id: z.string() }),
  proposedAt: Instant,
});
export type StudyVersion = z.infer<typeof StudyVersion>;

const Reason = z.string().max(REASON_CHARACTERS_MAX);

/** A compliance officer's signature under the hash of a protocol. */
export const Approval = z.strictObject({
  study: StudyId,
  version: z.int().min(1),
  msp: Msp,
  protocolHash: Digest,
  meaning: z.string().min(1).max(200),
  reason: Reason,
  approvedBy: z.string(),
  approvedAt: Instant,
});
export type Approval = z.infer<typeof Approval>;

/** An Ed25519 public key: 32 raw bytes in base64. */
export const ReceiptKey = z.string().regex(/^[A-Za-z0-9+/]{43}=$/, 'an Ed25519 public key: 32 bytes in base64');

/** A member's key that signs receipts for the vectors it holds. */
export const MemberKeys = z.strictObject({ study: StudyId, msp: Msp, receiptKey: ReceiptKey });
export type MemberKeys = z.infer<typeof MemberKeys>;

/** What may be voted on. Carried by t of N. */
export const VoteSubject = z
  .string()
  .regex(
    /^(?:resume~\d{10}|end|finish~\d{10}|abort~\d{10}|veto~\d{10}|leave-out~[A-Za-z][A-Za-z0-9.-]{0,62}~\d{10}|unmask~\d{10}~[A-Za-z][A-Za-z0-9.-]{0,62})$/,
    'end, or resume~n, finish~n, abort~n, veto~n, leave-out~MSP~n, unmask~n~MSP with n in ten digits',
  );
export type VoteSubject = z.infer<typeof VoteSubject>;

export const Vote = z.strictObject({
  study: StudyId,
  subject: VoteSubject,
  msp: Msp,
  yes: z.boolean(),
  reason: Reason,
  castBy: z.string(),
  castAt: Instant,
});
export type Vote = z.infer<typeof Vote>;

/** t = floor(N/2)+1: a majority of the members. */
export function majority(protocol: Pick<StudyProtocol, 'members'>): number {
  return Math.floor(protocol.members.length / 2) + 1;
}

/**
 * Hospitals that a round of this study needs among those that joined, and among those that contributed: as many as its
 * aggregation rule needs, where that is more.
 */
export function quorum(protocol: Pick<StudyProtocol, 'members' | 'mode' | 'quorum' | 'aggregation'>): number {
  const least = protocol.mode === 'private' ? Math.max(3, majority(protocol)) : majority(protocol);
  return Math.max(least, updatesNeeded(protocol.aggregation), protocol.quorum ?? 0);
}

/** Rounds that the study may open in all, aborted ones included. */
export function roundsMax(protocol: Pick<StudyProtocol, 'trainingRounds' | 'roundsMax'>): number {
  return protocol.roundsMax ?? protocol.trainingRounds + ROUNDS_BEYOND_TRAINING;
}

/**
 * A statistics round is asked for where features are standardised over all hospitals, and where both classes must be seen.
 * Never in a private study: exact sums and counts have no noise.
 */
export function asksForStatistics(protocol: Pick<StudyProtocol, 'standardisation' | 'label' | 'privacy'>): boolean {
  if (protocol.privacy) return false;
  return protocol.standardisation === 'federated' || protocol.label.kind === 'binary';
}

/** Whether versions are judged by the evaluation of the round after them. */
export function hasAcceptanceRule(protocol: Pick<StudyProtocol, 'metrics'>): boolean {
  return protocol.metrics !== 'final';
}
