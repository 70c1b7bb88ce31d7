/** Which of the waiting events go into the next transaction. */
import type { ConsentRef } from '@consilium/domain';
import { LANE, type Waiting } from './outbox.js';

export type Taken = Readonly<{ person: string; lane: number; rows: readonly Waiting[] }>;

export type Busy = Readonly<{
  /** Records with an event under way: what follows it waits for its fate. */
  refs: ReadonlySet<ConsentRef>;
  /** Events under way. */
  events: ReadonlySet<number>;
  /** People whose identity does not sign now. */
  people: ReadonlySet<string>;
  /** Whether something that restricts is under way: it goes alone, since it moves the hospital's one counter. */
  urgent: boolean;
}>;

/**
 * The first event that can go, and with it those after it of the same person and lane. Of a record, nothing goes before
 * what was recorded before it.
 */
export function nextTransaction(waiting: readonly Waiting[], busy: Busy, eventsMax: number): Taken | undefined {
  const held = new Set<ConsentRef>(busy.refs);
  const rows: Waiting[] = [];
  let [person, lane] = ['', -1];
  for (const row of waiting) {
    if (busy.events.has(row.event) || held.has(row.ref)) continue;
    const goes =
      !busy.people.has(row.person) &&
      !(row.lane === LANE.urgent && busy.urgent) &&
      (rows.length === 0 || (row.person === person && row.lane === lane));
    if (!goes) {
      held.add(row.ref);
      continue;
    }
    if (rows.length === 0) [person, lane] = [row.person, row.lane];
    rows.push(row);
    if (rows.length === eventsMax) break;
  }
  return rows.length > 0 ? { person, lane, rows } : undefined;
}
