/** Events that wait for the channel, in the order in which they go: one queue per hospital. */
import type { ConsentRef } from '@consilium/domain';
import type { Database } from '@consilium/sqlite';
import type { Placement } from './patientRecords.js';

/** What makes less allowed goes first. */
export const LANE = { urgent: 0, ordinary: 1 } as const;

export type Waiting = Readonly<{ event: number; lane: number; ref: ConsentRef; person: string }>;

export class Outbox {
  readonly #statements;
  #waiting: number;

  constructor(database: Database) {
    this.#statements = {
      add: database.prepare('INSERT INTO outbox (event, lane, ref, placement, person) VALUES (?, ?, ?, ?, ?)'),
      promote: database.prepare('UPDATE outbox SET lane = 0 WHERE event IN (SELECT id FROM event WHERE ref = ?)'),
      rows: database.prepare(
        `SELECT event, lane, ref, person FROM outbox WHERE placement = ? ORDER BY lane, event LIMIT ?`,
      ),
      remove: database.prepare('DELETE FROM outbox WHERE event = ?'),
      removeAll: database.prepare('DELETE FROM outbox WHERE event IN (SELECT value FROM json_each(?))'),
      removeRef: database.prepare('DELETE FROM outbox WHERE event IN (SELECT id FROM event WHERE ref = ?)'),
      count: database.prepare('SELECT count(*) AS total FROM outbox'),
      urgent: database.prepare('SELECT count(*) AS total FROM outbox WHERE lane = 0'),
      oldest: database.prepare('SELECT e.at FROM outbox o JOIN event e ON e.id = o.event ORDER BY o.event LIMIT 1'),
      ofRef: database.prepare(
        'SELECT count(*) AS total FROM outbox WHERE event IN (SELECT id FROM event WHERE ref = ?)',
      ),
      takeOver: database.prepare('UPDATE outbox SET person = ? WHERE person = ?'),
      byPerson: database.prepare('SELECT count(*) AS total FROM outbox WHERE person = ?'),
    };
    this.#waiting = this.#count();
  }

  /** Within the transaction that writes the event. An urgent one takes what waits of its record with it, in order. */
  add(event: number, ref: ConsentRef, placement: Placement, person: string, urgent: boolean): void {
    if (urgent) this.#statements.promote.run(ref);
    this.#statements.add.run(event, urgent ? LANE.urgent : LANE.ordinary, ref, placement, person);
    this.#waiting += 1;
  }

  promote(ref: ConsentRef): void {
    this.#statements.promote.run(ref);
  }

  /** The first so many. */
  rows(placement: Placement, rowsMax: number): Waiting[] {
    return this.#statements.rows.all(placement, rowsMax) as Waiting[];
  }

  removeAll(events: readonly number[]): void {
    this.#waiting -= Number(this.#statements.removeAll.run(JSON.stringify(events)).changes);
  }

  remove(event: number): void {
    this.#waiting -= Number(this.#statements.remove.run(event).changes);
  }

  removeRecord(ref: ConsentRef): void {
    this.#waiting -= Number(this.#statements.removeRef.run(ref).changes);
  }

  waiting(): number {
    return this.#waiting;
  }

  /** Counts anew: after a transaction that was rolled back. */
  recount(): void {
    this.#waiting = this.#count();
  }

  waitsOf(ref: ConsentRef): number {
    return (this.#statements.ofRef.get(ref) as { total: number }).total;
  }

  takeOver(from: string, by: string): number {
    return Number(this.#statements.takeOver.run(by, from).changes);
  }

  figures(): Readonly<{ waiting: number; urgent: number; oldestAt: number | null }> {
    const oldest = this.#statements.oldest.get() as { at: number } | undefined;
    const { total } = this.#statements.urgent.get() as { total: number };
    return { waiting: this.#waiting, urgent: total, oldestAt: oldest?.at ?? null };
  }

  ofPerson(person: string): number {
    return (this.#statements.byPerson.get(person) as { total: number }).total;
  }

  #count(): number {
    return (this.#statements.count.get() as { total: number }).total;
  }
}
