/** What a backup holds beside patients' records: batches, decisions, the log of reads, erasures. */
import type { ConsentRef } from '@consilium/domain';
import type { Database } from '@consilium/sqlite';
import type { RestoreReport } from './consentTypes.js';
import type { Keyring } from './keyring.js';

type Parts = Readonly<{
  database: Database;
  ring: Keyring;
  /** Numbers of events in the backup, and here. */
  moved: ReadonlyMap<number, number>;
  erased(ref: ConsentRef): boolean;
}>;

export function restoreRest(
  backup: Database,
  theirs: Keyring,
  parts: Parts,
): Pick<RestoreReport, 'decisions' | 'reads'> {
  restoreBatches(backup, parts);
  restoreDisclosures(backup, parts);
  restoreErasures(backup, theirs, parts);
  return { decisions: restoreDecisions(backup, theirs, parts), reads: restoreReads(backup, theirs, parts) };
}

function restoreBatches(backup: Database, { database, moved }: Parts): void {
  const known = database.prepare('SELECT 1 FROM batch WHERE number = ?');
  const addBatch = database.prepare(
    'INSERT INTO batch (number, root, count, policy_version, restricts, person, state) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  const addLeaf = database.prepare('INSERT INTO batch_leaf (batch, position, event, hash) VALUES (?, ?, ?, ?)');
  type Batch = Record<'root' | 'person' | 'state', string> &
    Record<'number' | 'count' | 'policy_version' | 'restricts', number>;
  for (const batch of backup.prepare('SELECT * FROM batch').all() as Batch[]) {
    if (known.get(batch.number)) continue;
    const { number, root, count, policy_version: version, restricts, person, state } = batch;
    addBatch.run(number, root, count, version, restricts, person, state);
    const leaves = backup.prepare('SELECT position, event, hash FROM batch_leaf WHERE batch = ?').all(number);
    for (const { position, event, hash } of leaves as { position: number; event: number; hash: Uint8Array }[])
      addLeaf.run(number, position, moved.get(event) ?? -event, hash);
  }
}

function restoreDisclosures(backup: Database, { database, erased }: Parts): void {
  const known = database.prepare('SELECT 1 FROM disclosure WHERE ref = ? AND at = ?');
  const add = database.prepare('INSERT INTO disclosure (ref, at, body) VALUES (?, ?, ?)');
  const rows = backup.prepare('SELECT ref, at, body FROM disclosure ORDER BY id').all();
  for (const { ref, at, body } of rows as { ref: ConsentRef; at: number; body: Uint8Array }[])
    if (!erased(ref) && !known.get(ref, at)) add.run(ref, at, body);
}

function restoreErasures(backup: Database, theirs: Keyring, { database, ring }: Parts): void {
  const add = database.prepare(
    'INSERT OR IGNORE INTO erasure (ref, state, at, person, receipt) VALUES (?, ?, ?, ?, ?)',
  );
  type Row = { ref: string; state: string; at: number; person: string; receipt: Uint8Array };
  for (const { ref, state, at, person, receipt } of backup.prepare('SELECT * FROM erasure').all() as Row[])
    add.run(ref, state, at, person, resealed(theirs, ring, 'erasure', ref, receipt));
}

/** Whoever asks about one of them looks at all events again: their numbers are others now. */
function restoreDecisions(backup: Database, theirs: Keyring, { database, ring }: Parts): number {
  const known = database.prepare('SELECT 1 FROM decision WHERE study = ? AND round = ? AND root = ? AND at = ?');
  const add = database.prepare(
    'INSERT INTO decision (study, round, at, last_event, root, head, refs, positions) VALUES (?, ?, ?, 0, ?, ?, ?, ?)',
  );
  const addProtocol = database.prepare('INSERT OR IGNORE INTO protocol (hash, json) VALUES (?, ?)');
  for (const { hash, json } of backup.prepare('SELECT * FROM protocol').all() as { hash: string; json: string }[])
    addProtocol.run(hash, json);
  type Row = Record<'study' | 'root', string> &
    Record<'round' | 'at', number> &
    Record<'head' | 'refs' | 'positions', Uint8Array>;
  let added = 0;
  for (const row of backup.prepare('SELECT * FROM decision ORDER BY id').iterate() as Iterable<Row>) {
    const { study, round, at, root } = row;
    if (known.get(study, round, root, at)) continue;
    const parts = (['head', 'refs', 'positions'] as const).map((name) =>
      resealed(theirs, ring, `decision.${name}`, `${study}/${round}/${root}`, row[name]),
    );
    add.run(study, round, at, root, ...(parts as [Buffer, Buffer, Buffer]));
    added += 1;
  }
  return added;
}

function restoreReads(backup: Database, theirs: Keyring, { database, ring }: Parts): number {
  const known = database.prepare('SELECT 1 FROM read_entry WHERE chain = ? AND position = ?');
  const add = database.prepare(
    'INSERT INTO read_entry (chain, position, day, at, ref, entry, hash) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  type Row = { chain: string; position: number; day: string; at: number; ref: string | null } & Record<
    'entry' | 'hash',
    Uint8Array
  >;
  let added = 0;
  for (const row of backup.prepare('SELECT * FROM read_entry').iterate() as Iterable<Row>) {
    const { chain, position, day, at, ref, entry, hash } = row;
    if (known.get(chain, position)) continue;
    add.run(chain, position, day, at, ref, resealed(theirs, ring, 'read_entry', `${chain}/${position}`, entry), hash);
    added += 1;
  }
  return added;
}

function resealed(theirs: Keyring, ours: Keyring, table: string, key: string, sealed: Uint8Array): Buffer {
  return ours.seal(table, key, theirs.unseal(table, key, sealed));
}
