/**
 * What a hospital can ask of the channel. Each transaction takes one argument: its command as JSON. Who asks is read from
 * the certificate, never from the command.
 */
import { z } from 'zod';
import {
  CohortCommitment,
  ConsentBatch,
  ConsentEvents,
  ConsentPolicyText,
  ConsentRef,
  LegalGround,
  OfficerReason,
} from './consent.js';
import { BinaryMetrics, NumberMetrics } from './evaluation.js';
import { HospitalRegistration } from './hospital.js';
import { Digest, Instant, Msp, RoundNumber, StudyId } from './ids.js';
import {
  CONSENT_EVENTS_PER_TRANSACTION_MAX,
  CONSENT_REFS_PER_QUERY_MAX,
  HOSPITALS_PER_STUDY_MAX,
  PAGE_ITEMS_DEFAULT,
  PAGE_ITEMS_MAX,
  REASON_CHARACTERS_MAX,
  VECTOR_ELEMENTS_MAX,
} from './limits.js';
import { Outcome, Phase, Receipt } from './round.js';
import { JoinKeys, Reveal, ShareKey, X25519Key } from './roundKeys.js';
import { ReceiptKey, StudyProtocol, VoteSubject } from './study.js';

const Reason = z.string().max(REASON_CHARACTERS_MAX);
const inRound = { study: StudyId, round: RoundNumber };
/** Members whose attestations of the round before are equal, t of them; empty where that round was aborted, or is the first. */
const AttestedBy = z.array(Msp).max(HOSPITALS_PER_STUDY_MAX);

export const commands = {
  'HospitalContract:registerHospital': HospitalRegistration,
  'StudyContract:proposeStudy': z.strictObject({ study: StudyId, protocol: StudyProtocol }),
  'StudyContract:approveStudy': z.strictObject({
    study: StudyId,
    version: z.int().min(1),
    protocolHash: Digest,
    meaning: z.string().min(1).max(200),
    reason: Reason,
  }),
  'StudyContract:castVote': z.strictObject({ study: StudyId, subject: VoteSubject, yes: z.boolean(), reason: Reason }),
  'StudyContract:registerMember': z.strictObject({
    study: StudyId,
    receiptKey: ReceiptKey,
    /** Private mode: the first key that others seal shares to. */
    shareKey: X25519Key.optional(),
  }),
  /** A share key alone: of an agent that lost the secret of its newest one, or that sat a round out. */
  'StudyContract:registerShareKey': ShareKey.omit({ msp: true }),
  'RoundContract:openRound': z.strictObject({ ...inRound, attestedBy: AttestedBy }),
  'RoundContract:joinRound': z.strictObject({
    ...inRound,
    protocolHash: Digest,
    /** The digest of the base that the joiner holds. */
    baseDigest: Digest,
    cohort: CohortCommitment.optional(),
    /** Private mode. */
    keys: JoinKeys.optional(),
  }),
  'RoundContract:contribute': z.strictObject({
    ...inRound,
    vectorDigest: Digest,
    vectorLength: z.int().min(1).max(VECTOR_ELEMENTS_MAX),
    receipts: z.array(Receipt).max(HOSPITALS_PER_STUDY_MAX),
  }),
  'RoundContract:reveal': z.strictObject({
    ...inRound,
    shares: Reveal.shape.shares,
  }),
  'RoundContract:attest': z.strictObject({ ...inRound, outcome: Outcome }),
  'RoundContract:closePhase': z.strictObject({ ...inRound, phase: Phase }),
  'RoundContract:abortRound': z.strictObject(inRound),
  'RoundContract:reportEvaluation': z.strictObject({
    ...inRound,
    trainingPatients: z.int().min(0),
    base: z.discriminatedUnion('kind', [BinaryMetrics, NumberMetrics]),
    parent: z.discriminatedUnion('kind', [BinaryMetrics, NumberMetrics]).optional(),
  }),
  'ModelContract:recordVersion': z.strictObject({ ...inRound, attestedBy: AttestedBy }),
  'ConsentContract:publishPolicy': ConsentPolicyText,
  /** Events of any kind. The same events again are success and write nothing. */
  'ConsentContract:recordConsents': z.strictObject({ events: ConsentEvents }),
  /** Events that end or narrow only: what a patient desk sends at once. */
  'ConsentContract:withdrawConsents': z.strictObject({ events: ConsentEvents }),
  'ConsentContract:recordConsentRoot': ConsentBatch.pick({
    batch: true,
    root: true,
    count: true,
    policyVersion: true,
    restricts: true,
  }),
  'ConsentContract:recordPermit': z.strictObject({
    study: StudyId,
    permitId: z.string().min(1).max(100),
    approvedAt: Instant,
  }),
  'ConsentContract:holdRecord': z.strictObject({
    ref: ConsentRef,
    stands: z.boolean(),
    ground: LegalGround,
    until: Instant.nullable(),
    reason: OfficerReason,
  }),
  'ConsentContract:eraseRecord': z.strictObject({ ref: ConsentRef, ground: LegalGround, receiptHash: Digest }),
  'ConsentContract:anchorReadLog': z.strictObject({ day: z.iso.date(), head: Digest, entries: z.int().min(0) }),
  'ConsentContract:reportWithdrawal': z.strictObject({
    study: StudyId,
    report: z.int().min(0).max(9_999_999_999),
    fromRound: RoundNumber,
    toRound: RoundNumber,
  }),
  /** Openings come as transient data `openings` and go into this hospital's own collection; endorsed by its peer alone. */
  'ConsentContract:keepPrivate': z.strictObject({
    refs: z.array(ConsentRef).min(1).max(CONSENT_EVENTS_PER_TRANSACTION_MAX),
  }),
  'ConsentContract:purgePrivate': z.strictObject({
    refs: z.array(ConsentRef).min(1).max(CONSENT_EVENTS_PER_TRANSACTION_MAX),
  }),
} as const;

export type TransactionName = keyof typeof commands;
export type Command<Name extends TransactionName> = z.infer<(typeof commands)[Name]>;
/** A command as a caller may write it, before defaults are filled in. */
export type CommandInput<Name extends TransactionName> = z.input<(typeof commands)[Name]>;

const page = {
  /** The `cursor` of the page before; absent: from the start. */
  cursor: z.string().max(300).optional(),
  items: z.int().min(1).max(PAGE_ITEMS_MAX).default(PAGE_ITEMS_DEFAULT),
};

/** What a hospital can ask without changing anything; each takes one argument too, and answers a LedgerPage. */
export const queries = {
  /** The study, its versions, approvals, members' keys, what they have spent of its budget, and votes. */
  'StudyContract:readStudy': z.strictObject({ study: StudyId, ...page }),
  /** The round's record, and every fact and close of it. */
  'RoundContract:roundFacts': z.strictObject({ ...inRound, ...page }),
  /**
   * What a round rests on: the version of the protocol that it runs by with its approvals, members' keys, the share keys
   * that the round pins, and the model versions that it began with and made, as far as they are recorded.
   */
  'RoundContract:roundGrounds': z.strictObject({ ...inRound, ...page }),
  /** Model versions, oldest first. */
  'ModelContract:lineage': z.strictObject({ study: StudyId, ...page }),
  /** All that stands about a ref: its events, holds and tombstone. */
  'ConsentContract:consentHistory': z.strictObject({ msp: Msp, ref: ConsentRef, ...page }),
  /**
   * Events and tombstones of many refs, read together with a hospital's join of a round: so what it answers is known to stand
   * no earlier than that cohort.
   */
  'ConsentContract:cohortHistory': z.strictObject({
    ...inRound,
    msp: Msp,
    refs: z.array(ConsentRef).min(1).max(CONSENT_REFS_PER_QUERY_MAX),
    ...page,
  }),
  /** A hospital's policies, its epoch, and its batch roots. */
  'ConsentContract:policies': z.strictObject({ msp: Msp, ...page }),
  /** Openings out of the hospital's own collection, as they were kept; of its own agent, and of its own peer alone. */
  'ConsentContract:readPrivate': z.strictObject({ refs: z.array(ConsentRef).min(1).max(PAGE_ITEMS_MAX) }),
  /** The cohorts that hospitals committed in a study: the joins of its rounds, permits and withdrawals. */
  'ConsentContract:cohortUse': z.strictObject({ study: StudyId, ...page }),
} as const;

export type QueryName = keyof typeof queries;
export type Query<Name extends QueryName> = z.infer<(typeof queries)[Name]>;
export type QueryInput<Name extends QueryName> = z.input<(typeof queries)[Name]>;

export const LedgerPage = z.strictObject({
  items: z.array(z.strictObject({ key: z.string(), value: z.json() })),
  /** Where the next page begins; null: this is the last one. */
  cursor: z.string().nullable(),
});
export type LedgerPage = z.infer<typeof LedgerPage>;
