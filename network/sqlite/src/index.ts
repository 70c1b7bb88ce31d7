/**
 * The one place that knows which SQLite this Node has: `node:sqlite` where it is built in (Node >= 22.13),
 * a prebuilt library with the same interface elsewhere.
 */
import { createRequire } from 'node:module';
import type { DatabaseSyncInstance } from '@photostructure/sqlite';

export type Database = DatabaseSyncInstance;

const require = createRequire(import.meta.url);

function builtIn(): { DatabaseSync: new (path: string) => Database } | undefined {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 22 || (major === 22 && minor < 13)) return undefined;
  return require('node:sqlite') as { DatabaseSync: new (path: string) => Database };
}

const { DatabaseSync } =
  builtIn() ?? (require('@photostructure/sqlite') as { DatabaseSync: new (path: string) => Database });

/**
 * Opens a database file in WAL mode with full synchronisation: what a commit returned for survives `kill -9` and a
 * power cut. `:memory:` opens a database of its own in memory.
 */
export function openDatabase(path: string): Database {
  const database = new DatabaseSync(path);
  database.exec(
    'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 5000;',
  );
  return database;
}

/** Runs `work` in one transaction: all of its writes or none. */
export function inTransaction<T>(database: Database, work: () => T): T {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
}
