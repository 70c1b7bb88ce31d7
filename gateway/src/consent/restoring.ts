/**
 * Takes a backup into the store. It adds what is missing and replaces nothing: what was recorded since then stands, and a
 * withdrawal above all. What the channel has a tombstone of stays erased.
 */
import type { ConsentRef } from '@consilium/domain';
import { type Database, inTransaction } from '@consilium/sqlite';
import { invalid } from './backups.js';
import type { ConsentEnds } from './consentEnds.js';
import { type ConsentEvents, opened } from './consentEvents.js';
import { type ConsentStoreOwner, openConsentDatabase } from './consentSchema.js';
import type { EventState, RestoreReport } from './consentTypes.js';
import type { HospitalPolicies } from './hospitalPolicies.js';
import { Keyring } from './keyring.js';
import type { Outbox } from './outbox.js';
import { BARRED, type PatientRecord, PatientRecords } from './patientRecords.js';
import { restoreRest } from './restoringRest.js';
import type { RootBatches } from './rootBatches.js';

export type RestoreParts = Readonly<{
  database: Database;
  ring: Keyring;
  records: PatientRecords;
  events: ConsentEvents;
  ends: ConsentEnds;
  outbox: Outbox;
  batches: RootBatches;
  policies: HospitalPolicies;
  owner: ConsentStoreOwner;
  erased(ref: ConsentRef): boolean;
}>;

type EventRow = {
  id: number;
  ref: ConsentRef;
  seq: number;
  state: EventState;
  restricts: number;
  at: number;
  content: Uint8Array;
  extra: Uint8Array;
  batch: number | null;
  refused_with: string | null;
  attempt: number;
};

type Restored = Omit<RestoreReport, 'ledger'>;

/**
 * @param file the backup's database, unpacked
 * @throws ConsiliumError CONSENT_STORE_BACKUP_INVALID
 */
export function restore(file: string, master: Uint8Array, parts: RestoreParts): Restored {
  const { owner, database, outbox } = parts;
  let backup: Database;
  try {
    backup = openConsentDatabase(file, owner);
  } catch {
    throw invalid('what it holds is no consent store of this hospital and channel');
  }
  try {
    const [check] = backup.prepare('PRAGMA integrity_check').all() as { integrity_check: string }[];
    if (check?.integrity_check !== 'ok') throw invalid('its database is damaged');
    const ring = openRing(backup, master);
    return inTransaction(database, () => {
      const { report, moved } = restoreRecords(backup, ring, parts);
      return { ...report, ...restoreRest(backup, ring, { ...parts, moved }) };
    });
  } catch (error) {
    outbox.recount();
    throw error;
  } finally {
    backup.close();
  }
}

function openRing(backup: Database, master: Uint8Array): Keyring {
  try {
    return Keyring.open(backup, master);
  } catch {
    throw invalid('its keys do not open with this key');
  }
}

function restoreRecords(backup: Database, ring: Keyring, parts: RestoreParts) {
  const { records, erased } = parts;
  const theirs = new PatientRecords(backup, ring);
  const report = { records: 0, events: 0, alreadyHere: 0, erasedLeftOut: 0 };
  /** Numbers of events in the backup, and here. */
  const moved = new Map<number, number>();
  for (const record of theirs.each()) {
    if (erased(record.ref)) {
      report.erasedLeftOut += 1;
      continue;
    }
    if (records.byRef(record.ref)) report.alreadyHere += 1;
    else {
      records.addRestored(record);
      report.records += 1;
    }
    report.events += restoreEvents(backup, record, parts, moved);
  }
  return { report, moved };
}

function restoreEvents(
  backup: Database,
  record: PatientRecord,
  parts: RestoreParts,
  moved: Map<number, number>,
): number {
  const { database, events, ends, outbox, policies, records } = parts;
  const rows = backup.prepare('SELECT * FROM event WHERE ref = ? ORDER BY id').all(record.ref) as EventRow[];
  const here = new Set(events.of(record).map(({ seq }) => seq));
  const add = database.prepare(
    `INSERT INTO event (ref, seq, state, restricts, at, content, extra, batch, refused_with, attempt)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
  );
  const person = backup.prepare('SELECT person FROM outbox WHERE event = ?');
  let added = 0;
  let overtaken = false;
  for (const row of rows) {
    if (here.has(row.seq)) continue;
    const waits = row.state === 'waiting' && row.batch === null;
    const onChannel = waits ? policies.commitmentOf(row.ref, row.seq) : undefined;
    const stands = onChannel !== undefined;
    // Its number went to another event since: neither it nor what followed it there came to the channel.
    overtaken ||= stands && onChannel !== opened(record, row).commitment;
    if (waits && overtaken) {
      if (row.restricts === 1) records.bar(row.ref, BARRED.restrictionRefused);
      continue;
    }
    const state = stands ? 'committed' : row.state;
    const { id } = add.get(
      row.ref,
      row.seq,
      state,
      row.restricts,
      row.at,
      row.content,
      row.extra,
      row.batch,
      row.refused_with,
      row.attempt,
    ) as { id: number };
    moved.set(row.id, id);
    added += 1;
    const queued = waits && !stands ? (person.get(row.id) as { person: string } | undefined) : undefined;
    if (queued) outbox.add(id, row.ref, record.placement, queued.person, row.restricts === 1);
  }
  if (added > 0) ends.settle(events.of(record));
  return added;
}
