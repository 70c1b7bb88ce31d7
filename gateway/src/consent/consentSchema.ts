/** The tables of a consent store. What a patient could be known by stands in sealed columns alone. */
import { refusal } from '@consilium/domain';
import { type Database, inTransaction, openDatabase } from '@consilium/sqlite';
import { readProperty, writeProperty } from './keyring.js';

const VERSION = 2;
/** A property: whether `ends_at` stands of all events. */
export const ENDS_KNOWN = 'endsKnown';
/** Pages in memory, and pages in the log before they go into the file: an import touches pages all over the indexes. */
const CACHE_KIB = 32_768;
const LOG_PAGES = 4_000;
const INDEXES_OF_ENDS = `
  CREATE INDEX event_restricts_at ON event (at, id) WHERE restricts = 1;
  CREATE INDEX event_ends ON event (ends_at, id) WHERE ends_at IS NOT NULL;`;
/** Few are refused, and whoever looks at the queue asks how many. */
const INDEX_OF_REFUSED = `CREATE INDEX event_refused ON event (id) WHERE state = 'refused';`;
/** Of a store that was made before ends were kept. Which there are, whoever opens it with its key looks up. */
const FROM_VERSION_1 = `ALTER TABLE event ADD COLUMN ends_at INTEGER; ${INDEXES_OF_ENDS} ${INDEX_OF_REFUSED}`;
const TABLES = `
  CREATE TABLE property (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;

  -- A patient's record. tag: HMAC of the patient number. key: the record's own key, wrapped. link: patient number and salt.
  -- Refs and tags are random, so each index over them costs a page an insert: there are no more than are needed.
  CREATE TABLE record (
    number INTEGER PRIMARY KEY, ref TEXT NOT NULL UNIQUE, tag BLOB NOT NULL, key BLOB NOT NULL, link BLOB NOT NULL,
    made_at INTEGER NOT NULL, placement TEXT NOT NULL, barred INTEGER NOT NULL DEFAULT 0
  );
  CREATE INDEX record_tag ON record (tag);

  -- content: what is matched. extra: note, resource, who recorded it. restricts: acts here before the channel knows.
  -- attempt: 0, or the id of an event that the channel refused, whose number is given again.
  -- ends_at: when it allows nothing any more by its own terms, where no event follows it by then.
  CREATE TABLE event (
    id INTEGER PRIMARY KEY AUTOINCREMENT, ref TEXT NOT NULL, seq INTEGER NOT NULL, state TEXT NOT NULL,
    restricts INTEGER NOT NULL, at INTEGER NOT NULL, content BLOB NOT NULL, extra BLOB NOT NULL,
    batch INTEGER, refused_with TEXT, attempt INTEGER NOT NULL DEFAULT 0, ends_at INTEGER
  );
  CREATE UNIQUE INDEX event_place ON event (ref, seq, attempt);
  CREATE INDEX event_restricts ON event (id) WHERE restricts = 1;
  ${INDEXES_OF_ENDS}
  ${INDEX_OF_REFUSED}

  -- What waits for the channel. Lane 0 goes first.
  CREATE TABLE outbox (
    event INTEGER PRIMARY KEY, lane INTEGER NOT NULL, ref TEXT NOT NULL, placement TEXT NOT NULL, person TEXT NOT NULL
  );
  CREATE INDEX outbox_lane ON outbox (placement, lane, event);

  CREATE TABLE batch (
    number INTEGER PRIMARY KEY, root TEXT NOT NULL, count INTEGER NOT NULL, policy_version INTEGER NOT NULL,
    restricts INTEGER NOT NULL, person TEXT NOT NULL, state TEXT NOT NULL
  );
  CREATE TABLE batch_leaf (
    batch INTEGER NOT NULL, position INTEGER NOT NULL, event INTEGER NOT NULL, hash BLOB NOT NULL,
    PRIMARY KEY (batch, position)
  ) WITHOUT ROWID;

  CREATE TABLE decision (
    id INTEGER PRIMARY KEY AUTOINCREMENT, study TEXT NOT NULL, round INTEGER NOT NULL, at INTEGER NOT NULL,
    last_event INTEGER NOT NULL, root TEXT NOT NULL, head BLOB NOT NULL, refs BLOB NOT NULL, positions BLOB NOT NULL
  );
  CREATE INDEX decision_round ON decision (study, round, id);
  CREATE INDEX decision_at ON decision (at, id);
  CREATE TABLE protocol (hash TEXT PRIMARY KEY, json TEXT NOT NULL) WITHOUT ROWID;

  CREATE TABLE read_entry (
    chain TEXT NOT NULL, position INTEGER NOT NULL, day TEXT NOT NULL, at INTEGER NOT NULL, ref TEXT,
    entry BLOB NOT NULL, hash BLOB NOT NULL,
    PRIMARY KEY (chain, position)
  ) WITHOUT ROWID;
  CREATE INDEX read_entry_at ON read_entry (at);
  CREATE INDEX read_entry_ref ON read_entry (ref, at);

  CREATE TABLE disclosure (
    id INTEGER PRIMARY KEY AUTOINCREMENT, ref TEXT NOT NULL, at INTEGER NOT NULL, body BLOB NOT NULL
  );
  CREATE INDEX disclosure_ref ON disclosure (ref, id);

  CREATE TABLE erasure (
    ref TEXT PRIMARY KEY, state TEXT NOT NULL, at INTEGER NOT NULL, person TEXT NOT NULL, receipt BLOB NOT NULL
  ) WITHOUT ROWID;`;

/** Whose store it is: another hospital's, or another channel's, is refused. */
export type ConsentStoreOwner = Readonly<{ msp: string; channel: string }>;

/**
 * Opens the database file, making what is missing. Deleted content is overwritten (`secure_delete`).
 * @throws ConsiliumError CONSENT_STORE_LOCKED where it is another hospital's or channel's, or a newer program's, or no database
 */
export function openConsentDatabase(file: string, owner: ConsentStoreOwner): Database {
  const locked = (problem: string) => refusal('CONSENT_STORE_LOCKED', { problem });
  let database: Database;
  try {
    database = openDatabase(file);
  } catch {
    throw locked('its file is no database, or cannot be read');
  }
  try {
    database.exec(
      `PRAGMA secure_delete = ON; PRAGMA cache_size = -${CACHE_KIB}; PRAGMA wal_autocheckpoint = ${LOG_PAGES}`,
    );
    const { user_version: version } = database.prepare('PRAGMA user_version').get() as { user_version: number };
    if (version > VERSION) throw locked('it was made by a newer version');
    inTransaction(database, () => {
      if (version === 0) {
        database.exec(TABLES);
        writeProperty(database, ENDS_KNOWN, Buffer.of(1));
      }
      if (version === 1) database.exec(FROM_VERSION_1);
      if (version < VERSION) database.exec(`PRAGMA user_version = ${VERSION}`);
      for (const [name, value] of Object.entries(owner)) {
        const found = readProperty(database, name);
        if (!found) writeProperty(database, name, Buffer.from(value, 'utf8'));
        else if (Buffer.from(found).toString('utf8') !== value) throw locked(`it is of another ${name}`);
      }
    });
  } catch (error) {
    database.close();
    throw error instanceof Error && error.name === 'ConsiliumError' ? error : locked('its file is no database');
  }
  return database;
}

/** Leaves nothing of what was deleted or replaced in the file, nor in the log beside it. */
export function scrub(database: Database): void {
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  database.exec('VACUUM');
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
}
