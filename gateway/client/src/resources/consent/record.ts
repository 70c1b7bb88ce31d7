/** A patient's consent record, as its own hospital knows it. */
import {
  ConsentContent,
  ConsentEventInput,
  ConsentKind,
  ConsentReason,
  ConsentRef,
  ConsentSalt,
  Digest,
  Instant,
  LegalBasis,
  LegalGround,
  Msp,
  Role,
  SignatureMeaning,
  StudyId,
} from '@consilium/domain';
import { z } from 'zod';
import { ConsentEventResource, LedgerPlace, pageAtHeight } from './event.js';
import { FieldChange, HoldResource } from './policy.js';

const Seq = ConsentEventInput.shape.seq;

/** `waiting` for the channel; `committed` there; `refused` by it, for good. */
export const EventState = z.enum(['waiting', 'committed', 'refused']);
export type EventState = z.infer<typeof EventState>;

export const ErasureReceipt = z.object({
  schemaVersion: z.literal(1),
  /** Known to whoever holds the receipt alone: without it, its hash tells nothing. */
  id: z.string(),
  msp: Msp,
  ref: ConsentRef,
  ground: LegalGround,
  reason: z.string(),
  askedBy: z.string(),
  askedAt: Instant,
  destroyed: z.array(z.string()),
  /** Stands on the ledger's tombstone. */
  receiptHash: Digest,
  state: z.enum(['asked', 'tombstoned', 'destroyed', 'done']),
  doneAt: Instant.nullable(),
});
export type ErasureReceipt = z.infer<typeof ErasureReceipt>;

export const ErasureBody = z.strictObject({ ground: LegalGround, reason: z.string().min(1).max(1_000) });
export type ErasureBody = z.input<typeof ErasureBody>;

export const ConsentRecordResource = z.object({
  ref: ConsentRef,
  /** The hospital's own number; null for who may not read it, and after an erasure. */
  patient: z.string().nullable(),
  /** Whether it is the patient's newest record: consents are asked of that one. Null where that is not told. */
  live: z.boolean().nullable(),
  events: z.int().min(0),
  hold: HoldResource.nullable(),
  erasure: ErasureReceipt.nullable(),
});
export type ConsentRecordResource = z.infer<typeof ConsentRecordResource>;

export const ConsentRecordHead = z.object({ ref: ConsentRef, madeAt: Instant, events: z.int().min(0) });
export type ConsentRecordHead = z.infer<typeof ConsentRecordHead>;

/** The policy that an event rests on, and what that version changed. */
export const PolicyOfEvent = z.object({
  version: z.int().min(1),
  title: z.string(),
  textHash: Digest,
  changes: z.array(FieldChange),
});

/** One event, with all that makes it evidence. */
export const HistoryEvent = z.object({
  ref: ConsentRef,
  seq: Seq,
  kind: ConsentKind,
  reason: ConsentReason,
  meaning: SignatureMeaning,
  /** Who recorded it: name and role in this hospital, and as the ledger names who signed (null: not there yet). */
  actor: z.object({ name: z.string(), role: Role.nullable(), ledgerId: z.string().nullable() }),
  basis: LegalBasis.nullable(),
  policy: PolicyOfEvent.nullable(),
  terms: ConsentContent.shape.terms,
  dataClasses: ConsentContent.shape.dataClasses,
  validFrom: Instant.nullable(),
  validTo: Instant.nullable(),
  effectiveFrom: Instant,
  evidence: ConsentContent.shape.evidence,
  note: z.string().nullable(),
  /** What it says otherwise than the event before. */
  changes: z.array(FieldChange),
  commitment: Digest,
  restricts: z.boolean(),
  /** When this hospital recorded it, by its own clock. */
  claimedAt: Instant,
  /** When it took effect in this hospital; null: it has not. */
  effectiveHereAt: Instant.nullable(),
  state: EventState,
  refusedWith: z.string().nullable(),
  ledger: z.object({ ...LedgerPlace.shape, recordedAt: Instant }).nullable(),
  /** The batch whose Merkle root stands for it, where events stay at home. */
  batch: z.int().nullable(),
});
export type HistoryEvent = z.infer<typeof HistoryEvent>;
export const HistoryPage = pageAtHeight(HistoryEvent);

/** What was allowed at one instant, as it was known at another. Both are said. */
export const EffectiveResource = z.object({
  ref: ConsentRef,
  effectiveAt: Instant,
  knownAt: Instant,
  height: z.int().min(0),
  /** Whether a consent stood: not ended, and within its validity. */
  stands: z.boolean(),
  /** The event in force, also where it ends what was before; null: nothing was on file. */
  event: HistoryEvent.nullable(),
});
export type EffectiveResource = z.infer<typeof EffectiveResource>;

export const DecisionReason = z.object({ code: z.string(), text: z.string() });
export const DecisionAnswer = z.enum(['allow', 'deny', 'abstain']);
/** What a selection would answer now, and why. */
export const DecisionResource = z.object({ answer: DecisionAnswer, reasons: z.array(DecisionReason) });
export type DecisionResource = z.infer<typeof DecisionResource>;

/**
 * The same of a record of any hospital, by the ledger alone, or with what the hospital opened. `stands` is null where the
 * ledger does not tell; `notShown` says in words what this answer cannot say.
 */
export const LedgerEffectiveResource = z.object({
  msp: Msp,
  ref: ConsentRef,
  effectiveAt: Instant,
  knownAt: Instant,
  height: z.int().min(0),
  stands: z.boolean().nullable(),
  erasedAt: Instant.nullable(),
  event: ConsentEventResource.nullable(),
  /** Of the event in force, where it was opened and is what the ledger commits to. */
  content: ConsentContent.nullable(),
  /** Where a study was asked about. */
  decision: DecisionResource.nullable(),
  notShown: z.array(z.string()),
});
export type LedgerEffectiveResource = z.infer<typeof LedgerEffectiveResource>;

/** What a hospital opens of a record to an auditor: its salt, and contents of its events. */
export const OpenedRecordBody = z.strictObject({
  effectiveAt: Instant.optional(),
  knownAt: Instant.optional(),
  /** Also what the study may do with it. Needs the content of the event in force. */
  study: StudyId.optional(),
  salt: ConsentSalt,
  contents: z.array(ConsentContent).min(1).max(200),
});
export type OpenedRecordBody = z.input<typeof OpenedRecordBody>;
