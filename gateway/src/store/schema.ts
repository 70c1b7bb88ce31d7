/** The tables of a hospital's database, and what happens to an older one. */
import { refusal } from '@consilium/domain';
import { type Database, inTransaction, openDatabase } from '@consilium/sqlite';
import { CONSENT_TABLES } from './consentTables.js';

/** Kept: what no other place knows. A change needs a migration. */
const KEPT_VERSION = 1;
const KEPT_TABLES = `
  CREATE TABLE property (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE journal (
    study TEXT NOT NULL, round INTEGER NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (study, round, name)
  ) WITHOUT ROWID;
  CREATE TABLE personal_tensor (
    study TEXT NOT NULL, version INTEGER NOT NULL, tensor TEXT NOT NULL, float32 BLOB NOT NULL,
    PRIMARY KEY (study, version, tensor)
  ) WITHOUT ROWID;
  CREATE TABLE accepted_vector (
    digest TEXT NOT NULL, study TEXT NOT NULL,
    PRIMARY KEY (digest, study)
  ) WITHOUT ROWID;`;

/** Mirrored: rebuilt from the channel's first block where this version differs. */
const MIRROR_VERSION = 2;
const MIRROR_TABLES = `
  DROP TABLE IF EXISTS mirror;
  DROP TABLE IF EXISTS mirror_transaction;
  DROP TABLE IF EXISTS named_digest;
  DROP TABLE IF EXISTS checkpoint;
  CREATE TABLE mirror (
    key TEXT PRIMARY KEY, value TEXT NOT NULL, block INTEGER NOT NULL, transaction_id TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE mirror_transaction (
    transaction_id TEXT PRIMARY KEY, block INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE named_digest (
    digest TEXT NOT NULL, study TEXT NOT NULL, own INTEGER NOT NULL,
    PRIMARY KEY (digest, study, own)
  ) WITHOUT ROWID;
  CREATE TABLE checkpoint (
    only INTEGER PRIMARY KEY CHECK (only = 1), block INTEGER NOT NULL, transaction_id TEXT NOT NULL,
    block_writes INTEGER NOT NULL
  );
  ${CONSENT_TABLES}`;

/** Pages of the mirror that its connection keeps in memory. */
const MIRROR_CACHE_KIB = 64 * 1024;

/** Whose database it is. Another hospital's, or another channel's, is refused. */
export type StoreOwner = Readonly<{ msp: string; channel: string }>;

/**
 * Opens a hospital's database, making what is missing.
 * @throws ConsiliumError CONFIGURATION_INVALID where it belongs to another hospital or channel, or to a newer program
 */
export function openStore(file: string, owner: StoreOwner): Database {
  const database = openDatabase(file);
  try {
    inTransaction(database, () => prepare(database, file, owner));
  } catch (error) {
    database.close();
    throw error;
  }
  return database;
}

/**
 * Opens the same database once more, for the mirror: a commit does not wait for the disk. After a power cut the newest
 * blocks may be missing, with the checkpoint that says so, and come again from the channel. Never for what is kept.
 */
export function openForMirror(file: string): Database {
  const database = openDatabase(file);
  // Consent events come in the order of time and are kept in that of their random refs: each write needs another page.
  database.exec(`PRAGMA synchronous = NORMAL; PRAGMA cache_size = -${MIRROR_CACHE_KIB}`);
  return database;
}

function prepare(database: Database, file: string, owner: StoreOwner): void {
  const { user_version: version } = database.prepare('PRAGMA user_version').get() as { user_version: number };
  if (version > KEPT_VERSION)
    throw refusal('CONFIGURATION_INVALID', { file, problems: 'this database was made by a newer version' });
  if (version === 0) {
    database.exec(KEPT_TABLES);
    database.exec(`PRAGMA user_version = ${KEPT_VERSION}`);
  }
  const properties = database.prepare('SELECT value FROM property WHERE name = ?');
  const keep = database.prepare('INSERT OR REPLACE INTO property (name, value) VALUES (?, ?)');
  for (const [name, value] of Object.entries(owner)) {
    const found = properties.get(name) as { value: string } | undefined;
    if (found && found.value !== value)
      throw refusal('CONFIGURATION_INVALID', { file, problems: `${name} is ${found.value} there, not ${value}` });
    keep.run(name, value);
  }
  const mirrored = properties.get('mirrorVersion') as { value: string } | undefined;
  if (mirrored?.value !== String(MIRROR_VERSION)) {
    database.exec(MIRROR_TABLES);
    keep.run('mirrorVersion', String(MIRROR_VERSION));
  }
}
