/**
 * What ended or became less, in the order in which it took effect here: by an event that says so, or by a consent's own terms
 * (its validity, or a time limit in months), which no event needs to follow.
 */
import { type ConsentRef, consentEndsAt, refusal } from '@consilium/domain';
import type { Database } from '@consilium/sqlite';
import { EVENT_COLUMNS, type EventRow, type KeptEvent } from './consentEvents.js';
import type { Ended } from './consentTypes.js';

/** An event, and what ended when: of one that narrows and has an end, each is told by itself. */
export type EndRow = EventRow & Readonly<{ ended: Ended; took: number }>;

export type EndsAsked = Readonly<{
  /** Milliseconds since 1970: `from` included, `to` not. */
  from: number;
  to: number;
  /** What ends later than now has not ended. */
  now: number;
  ended: Ended | undefined;
}>;

const CURSOR = /^(-?\d{1,16})\.(\d{1,15})\.([01])$/;
const KINDS: readonly Ended[] = ['by-event', 'by-its-terms'];

export class ConsentEnds {
  readonly #statements;

  constructor(database: Database) {
    const parts = {
      'by-event': { at: 'at', where: 'restricts = 1' },
      'by-its-terms': { at: 'ends_at', where: "ends_at IS NOT NULL AND state <> 'refused'" },
    };
    const statements = ({ at, where }: (typeof parts)[Ended]) => ({
      page: database.prepare(
        `SELECT ${EVENT_COLUMNS}, ${at} AS took FROM event
         WHERE ${where} AND ${at} >= ? AND ${at} < ? AND (${at}, id) > (?, ?) ORDER BY ${at}, id LIMIT ?`,
      ),
      total: database.prepare(`SELECT count(*) AS total FROM event WHERE ${where} AND ${at} >= ? AND ${at} < ?`),
    });
    this.#statements = {
      'by-event': statements(parts['by-event']),
      'by-its-terms': statements(parts['by-its-terms']),
      one: database.prepare(`SELECT ${EVENT_COLUMNS}, ends_at FROM event WHERE ref = ? AND seq = ? ORDER BY id DESC`),
      set: database.prepare('UPDATE event SET ends_at = ? WHERE id = ? AND ends_at IS NOT ?'),
    };
  }

  /** Which events of a record ended by their own terms: those that none followed by then. */
  settle(events: readonly KeptEvent[]): void {
    const holding = events.filter(({ state }) => state !== 'refused');
    for (const [k, { id, content }] of holding.entries()) {
      const next = holding[k + 1]?.content.effectiveFrom ?? Number.POSITIVE_INFINITY;
      const end = consentEndsAt(content);
      const own = end !== undefined && next > end ? end : null;
      this.#statements.set.run(own, id, own);
    }
  }

  /** @throws ConsiliumError PAGE_CURSOR_INVALID */
  page(asked: EndsAsked, cursor: string | undefined, items: number): Readonly<{ rows: EndRow[]; next: string | null }> {
    const [at, id, kind] = markIn(cursor, asked.from);
    const rows = kindsOf(asked).flatMap((ended) => {
      // Of one event at one instant, its own end comes second.
      const after = KINDS.indexOf(ended) > kind ? id - 1 : id;
      const found = this.#statements[ended].page.all(asked.from, untilOf(asked, ended), at, after, items + 1);
      return (found as (EventRow & { took: number })[]).map((row): EndRow => ({ ...row, ended }));
    });
    rows.sort((a, b) => a.took - b.took || a.id - b.id || KINDS.indexOf(a.ended) - KINDS.indexOf(b.ended));
    const shown = rows.slice(0, items);
    const last = shown.at(-1);
    const next = rows.length > items && last ? `${last.took}.${last.id}.${KINDS.indexOf(last.ended)}` : null;
    return { rows: shown, next };
  }

  /** What a record's event ended; undefined: nothing like that, until now. */
  of(ref: ConsentRef, seq: number, ended: Ended, now: number): EndRow | undefined {
    const row = this.#statements.one.get(ref, seq) as (EventRow & { ends_at: number | null }) | undefined;
    if (!row) return undefined;
    if (ended === 'by-event') return row.restricts === 1 ? { ...row, ended, took: row.at } : undefined;
    const { ends_at: took } = row;
    return took !== null && took <= now && row.state !== 'refused' ? { ...row, ended, took } : undefined;
  }

  total(asked: EndsAsked): number {
    return kindsOf(asked).reduce((sum, ended) => {
      const { total } = this.#statements[ended].total.get(asked.from, untilOf(asked, ended)) as { total: number };
      return sum + total;
    }, 0);
  }
}

function kindsOf({ ended }: EndsAsked): readonly Ended[] {
  return ended === undefined ? KINDS : [ended];
}

function untilOf({ to, now }: EndsAsked, ended: Ended): number {
  return ended === 'by-its-terms' ? Math.min(to, now + 1) : to;
}

/** Instant, event and kind of the last item of the page before. */
function markIn(cursor: string | undefined, from: number): readonly [at: number, id: number, kind: number] {
  if (cursor === undefined) return [from, 0, 0];
  const found = CURSOR.exec(cursor);
  if (!found) throw refusal('PAGE_CURSOR_INVALID', {});
  return [Number(found[1]), Number(found[2]), Number(found[3])];
}
