/** Takes consent events and commitments to cohorts into the tables that are asked about them. */
import { ConsentEvent, Join, recordUnder } from '@consilium/domain';
import type { Database } from '@consilium/sqlite';
import { type Place, placeNumber } from './consentTables.js';

/** Only inside the transaction that takes the mirror's own rows in. */
export class ConsentWriter {
  readonly #classes = new Map<string, number>();
  readonly #statements;

  constructor(database: Database) {
    this.#statements = {
      findClass: database.prepare(
        `SELECT id FROM consent_class WHERE msp = ? AND kind = ? AND reason = ? AND policy_version = ? AND actor = ?
         AND role = ? AND restricts = ?`,
      ),
      addClass: database.prepare(
        `INSERT INTO consent_class (msp, kind, reason, policy_version, actor, role, restricts, events)
         VALUES (?, ?, ?, ?, ?, ?, ?, 0) RETURNING id`,
      ),
      count: database.prepare('UPDATE consent_class SET events = events + ? WHERE id = ?'),
      event: database.prepare(
        'INSERT INTO consent_event (place, class, ref, seq, recorded_at, effective_from) VALUES (?, ?, ?, ?, ?, ?)',
      ),
      join: database.prepare(
        `INSERT INTO cohort_join (place, study, round, msp, root, policy_version, joined_at)
         VALUES (?, ?, ?, ?, ?, ?, ?)`,
      ),
    };
  }

  /** @param writes of several transactions, in the channel's order */
  take(writes: Iterable<Readonly<{ key: string; value: unknown; place: Place }>>): void {
    const counts = new Map<number, number>();
    for (const { key, value, place } of writes) {
      if (key.startsWith('consent~')) {
        const ofClass = this.#event(value, place);
        if (ofClass !== undefined) counts.set(ofClass, (counts.get(ofClass) ?? 0) + 1);
      } else if (key.startsWith('join~')) this.#join(key, value, place);
    }
    for (const [id, events] of counts) this.#statements.count.run(events, id);
  }

  /** Where the rows were deleted, or never written. */
  forget(): void {
    this.#classes.clear();
  }

  /** A record that this program does not understand stays out: the mirror has it all the same. */
  #event(value: unknown, place: Place): number | undefined {
    const parsed = ConsentEvent.safeParse(value);
    if (!parsed.success) return undefined;
    const { msp, kind, reason, policyVersion, recordedBy, restricts, ref, seq, recordedAt, effectiveFrom } =
      parsed.data;
    const ofClass = this.#class([msp, kind, reason, policyVersion, recordedBy.id, recordedBy.role, restricts ? 1 : 0]);
    this.#statements.event.run(placeNumber(place), ofClass, ref, seq, recordedAt, effectiveFrom);
    return ofClass;
  }

  #join(key: string, value: unknown, place: Place): void {
    const parsed = recordUnder({ parse: (record) => Join.safeParse(record) }, key, value);
    if (!parsed.success || !parsed.data.cohort) return;
    const { study, round, msp, cohort, at } = parsed.data;
    this.#statements.join.run(placeNumber(place), study, round, msp, cohort.root, cohort.policyVersion, at);
  }

  #class(values: readonly (string | number)[]): number {
    const name = JSON.stringify(values);
    const known = this.#classes.get(name);
    if (known !== undefined) return known;
    const found = (this.#statements.findClass.get(...values) ?? this.#statements.addClass.get(...values)) as {
      id: number;
    };
    this.#classes.set(name, found.id);
    return found.id;
  }
}
