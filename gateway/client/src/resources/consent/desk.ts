/** What runs the consent store: its queue, copies, keys, and the log of who read what. */
import { ConsentRef, Digest, Instant, Role } from '@consilium/domain';
import { z } from 'zod';
import { pageAtHeight } from './event.js';

const Count = z.int().min(0);

export const QueueResource = z.object({
  waiting: Count,
  urgent: Count,
  oldestAt: Instant.nullable(),
  inFlight: Count,
  /** Events whose person's identity does not sign any more: somebody takes them over. */
  parked: z.array(z.object({ person: z.string(), code: z.string(), events: Count })),
  refused: Count,
  waitingMax: Count,
});
export type QueueResource = z.infer<typeof QueueResource>;

export const TakeOverBody = z.strictObject({ from: z.string().min(1).max(200) });
export type TakeOverBody = z.input<typeof TakeOverBody>;
export const TakenOver = z.object({ events: Count });

/** One consultation of consents. `hash` chains it to the one before: see the ledger's daily anchor. */
export const ReadResource = z.object({
  day: z.iso.date(),
  at: Instant,
  by: z.object({ name: z.string(), role: Role.nullable() }),
  kind: z.string(),
  ref: ConsentRef.nullable(),
  query: z.string().nullable(),
  hash: Digest,
});
export type ReadResource = z.infer<typeof ReadResource>;
export const ReadPage = pageAtHeight(ReadResource);

/** The log of reads was recomputed and holds. */
export const ReadLogResource = z.object({ entries: Count, days: Count, anchoredDays: Count, head: Digest.nullable() });
export type ReadLogResource = z.infer<typeof ReadLogResource>;

const BackupName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/, "a backup's name, without a path");
export const BackupResource = z.object({ name: z.string(), bytes: Count, madeAt: Instant });
export type BackupResource = z.infer<typeof BackupResource>;
export const BackupMade = z.object({ name: z.string(), bytes: Count, sha256: Digest });
export type BackupMade = z.infer<typeof BackupMade>;

const Key = z.string().regex(/^[0-9a-f]{64}$/, 'a key: 64 lower case hexadecimal digits');
/** How many records, and the first of them. */
const NamedRecords = z.object({ total: Count, refs: z.array(ConsentRef).readonly() });
/** `key`: the one that the backup was made under, where that is another than today's. */
export const RestoreBody = z.strictObject({ name: BackupName, key: Key.optional() });
export type RestoreBody = z.input<typeof RestoreBody>;
export const RestoreReport = z.object({
  records: Count,
  events: Count,
  alreadyHere: Count,
  erasedLeftOut: Count,
  decisions: Count,
  reads: Count,
  /** What the channel and the own peer's private copies know of this hospital's records, and the backup did not. */
  ledger: z.object({
    height: Count,
    copies: z.enum(['read', 'none', 'unreachable']),
    fromCopies: Count,
    /** Contents of these records' later events are lost: they allow nothing until a new grant. */
    withoutContents: NamedRecords,
    /** Nobody can say any more whose these records of the channel are. */
    withoutPatient: NamedRecords,
    batchesMissing: Count,
  }),
});
export type RestoreReport = z.infer<typeof RestoreReport>;

/** `key`: the new one. It is kept in the gateway's key file, and nowhere else. */
export const RotationBody = z.strictObject({ key: Key });
export type RotationBody = z.input<typeof RotationBody>;
export const RotationResource = z.object({ rotatedAt: Instant });
export type RotationResource = z.infer<typeof RotationResource>;
