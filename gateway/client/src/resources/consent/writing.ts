/** What is recorded of patients, and what recording answers. */
import {
  CONSENT_CODES_MAX,
  ConsentContent,
  ConsentKind,
  ConsentReason,
  ConsentRef,
  ConsentTerm,
  DataClass,
  Instant,
  SignatureMeaning,
} from '@consilium/domain';
import { z } from 'zod';
import { LedgerPlace } from './event.js';
import { EventState } from './record.js';

/** Characters of a note, which stays in the hospital. */
const NOTE_CHARACTERS_MAX = 4_000;

const details = {
  reason: ConsentReason,
  meaning: SignatureMeaning.default('recorded'),
  evidence: ConsentContent.shape.evidence.default(null),
  note: z.string().max(NOTE_CHARACTERS_MAX).optional(),
};

export const PatientNumber = z
  .string()
  .min(1)
  .max(200)
  .refine((text) => text.isWellFormed(), { error: 'no lone surrogates' });

/** One consent event of a patient. Of a grant or a change, `terms` say what is allowed. */
export const ConsentOrderBody = z.strictObject({
  patient: PatientNumber,
  kind: ConsentKind,
  ...details,
  terms: z.array(ConsentTerm).max(CONSENT_CODES_MAX).default([]),
  dataClasses: z.array(DataClass).max(40).default([]),
  /** Absent: the newest. */
  policyVersion: z.int().min(1).optional(),
  validFrom: Instant.nullable().default(null),
  validTo: Instant.nullable().default(null),
  /** Clinical date; absent: now. */
  effectiveFrom: Instant.optional(),
});
export type ConsentOrderBody = z.input<typeof ConsentOrderBody>;

/** Events of one request that is not an import. */
export const CONSENT_ORDERS_PER_REQUEST_MAX = 500;

export const ConsentOrdersBody = z.strictObject({
  orders: z.array(ConsentOrderBody).min(1).max(CONSENT_ORDERS_PER_REQUEST_MAX),
});
export type ConsentOrdersBody = z.input<typeof ConsentOrdersBody>;

/** Names the patient by number, or by the record's ref. */
export const WithdrawalBody = z.strictObject({
  patient: PatientNumber.optional(),
  ref: ConsentRef.optional(),
  kind: z.enum(['withdraw', 'expire', 'opt-out']).default('withdraw'),
  ...details,
  reason: ConsentReason.default('patient-asked'),
});
export type WithdrawalBody = z.input<typeof WithdrawalBody>;

export const RecordedEventResource = z.object({
  ref: ConsentRef,
  seq: z.int().min(0),
  kind: ConsentKind,
  state: EventState,
  /** Null: a grant, which acts once it is on the ledger. */
  effectiveHereAt: Instant.nullable(),
  /** Null: it waits for the channel. */
  ledger: z.object({ ...LedgerPlace.shape, recordedAt: Instant }).nullable(),
});
export type RecordedEventResource = z.infer<typeof RecordedEventResource>;

export const RecordingResource = z.object({
  events: z.array(RecordedEventResource),
  /** Events of this hospital that wait for the channel. */
  waiting: z.int().min(0),
});
export type RecordingResource = z.infer<typeof RecordingResource>;

/** A withdrawal acts before it is answered: both times in one sentence. */
export const WithdrawnResource = z.object({ ...RecordedEventResource.shape, told: z.string() });
export type WithdrawnResource = z.infer<typeof WithdrawnResource>;

/** What came of an upload: each line that was refused, by number and reason, never by what stands in it. */
export const ImportResult = z.object({
  lines: z.int().min(0),
  recorded: z.int().min(0),
  refused: z.int().min(0),
  /** The first of them. */
  refusals: z.array(z.object({ line: z.int().min(1), code: z.string(), detail: z.string() })),
  /** Events of this hospital that waited for the channel at the end. */
  waiting: z.int().min(0),
});
export type ImportResult = z.infer<typeof ImportResult>;
