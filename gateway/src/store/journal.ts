/** The agent's decisions, in the hospital's database: durable before `set` returns. */
import type { StudyId } from '@consilium/domain';
import type { Database } from '@consilium/sqlite';
import type { Journal } from '../agent/ports.js';

export class SqliteJournal implements Journal {
  readonly #get;
  readonly #set;

  constructor(database: Database) {
    this.#get = database.prepare('SELECT value FROM journal WHERE study = ? AND round = ? AND name = ?');
    this.#set = database.prepare('INSERT OR REPLACE INTO journal (study, round, name, value) VALUES (?, ?, ?, ?)');
  }

  get(study: StudyId, round: number, name: string): string | undefined {
    return (this.#get.get(study, round, name) as { value: string } | undefined)?.value;
  }

  set(study: StudyId, round: number, name: string, value: string): void {
    this.#set.run(study, round, name, value);
  }
}
