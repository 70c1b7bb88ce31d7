/** Answers about consents and cohorts from the read model: pages in order, with totals, at the height that the mirror has. */
import type { ConsentKind, ConsentReason, ConsentRef, Digest, Msp, Role, StudyId } from '@consilium/domain';
import type { Database } from '@consilium/sqlite';
import { type Place, placeNumber, placeOf } from './consentTables.js';
import { mergeOrdered } from './orderedMerge.js';

/** What is left out does not restrict. */
export type EventFilter = Readonly<{
  msp: Msp;
  kinds?: readonly ConsentKind[] | undefined;
  reasons?: readonly ConsentReason[] | undefined;
  roles?: readonly Role[] | undefined;
  /** The ledger's name of who signed. */
  actor?: string | undefined;
  policyVersion?: number | undefined;
  restricts?: boolean | undefined;
}>;

/** `recorded`: when the channel recorded it; `effective`: the clinical date. */
export type EventAxis = 'recorded' | 'effective';

/** Where a page ended: the instant on its axis, and the place, which no two events share. */
export type EventMark = Readonly<{ at: number; place: number }>;

export type EventsAsked = Readonly<{
  filter: EventFilter;
  axis: EventAxis;
  descending: boolean;
  /** Milliseconds since 1970: `from` included, `to` not. */
  from?: number | undefined;
  to?: number | undefined;
  after?: EventMark | undefined;
  items: number;
}>;

export type EventFound = Readonly<{ msp: Msp; ref: ConsentRef; seq: number; place: Place; mark: EventMark }>;
export type EventsFound = Readonly<{ items: readonly EventFound[]; total: number; more: boolean }>;

export type JoinFilter = Readonly<{
  study?: StudyId | undefined;
  round?: number | undefined;
  msp?: Msp | undefined;
  root?: Digest | undefined;
  policyVersion?: number | undefined;
}>;
export type JoinFound = Readonly<{ study: StudyId; round: number; msp: Msp; place: Place; mark: number }>;
export type JoinsFound = Readonly<{ items: readonly JoinFound[]; total: number; more: boolean }>;

export type JoinsAfter = Readonly<{ place: Place }> | Readonly<{ at: number }>;

type ClassRow = {
  id: number;
  kind: ConsentKind;
  reason: ConsentReason;
  policy_version: number;
  actor: string;
  role: Role;
  restricts: number;
  events: number;
};
type EventRow = { place: number; ref: ConsentRef; seq: number; at: number };
type JoinRow = { study: StudyId; round: number; msp: Msp; place: number };

const AXES = { recorded: 'recorded_at', effective: 'effective_from' } as const;
const FIRST_PLACE = -1;

export class ConsentReadings {
  readonly #database: Database;
  readonly #statements;
  readonly #joinsAfter;
  readonly #ranges;

  constructor(database: Database) {
    this.#database = database;
    this.#statements = {
      classes: database.prepare('SELECT * FROM consent_class WHERE msp = ?'),
      place: database.prepare(
        `SELECT place FROM consent_event JOIN consent_class ON consent_class.id = class
         WHERE ref = ? AND seq = ? AND msp = ?`,
      ),
    };
    this.#joinsAfter = {
      place: joinsAfter(database, 'place > ?2', 'place'),
      time: joinsAfter(database, 'joined_at >= ?2', 'joined_at, place'),
    };
    this.#ranges = {
      recorded: { ascending: this.#range('recorded', false), descending: this.#range('recorded', true) },
      effective: { ascending: this.#range('effective', false), descending: this.#range('effective', true) },
    };
  }

  /** A page of events, and how many there are in all that are like that. */
  events({ filter, axis, descending, from, to, after, items }: EventsAsked): EventsFound {
    const classes = this.#classes(filter);
    const { page, count } = this.#ranges[axis][descending ? 'descending' : 'ascending'];
    const [low, high] = [from ?? Number.MIN_SAFE_INTEGER, to ?? Number.MAX_SAFE_INTEGER];
    const isBounded = from !== undefined || to !== undefined;
    const counted = (id: number) => (count.get(id, low, high) as { events: number }).events;
    const total = classes.reduce((sum, { id, events }) => sum + (isBounded ? counted(id) : events), 0);
    const mark = after ?? (descending ? { at: high, place: FIRST_PLACE } : { at: low, place: FIRST_PLACE });
    const end = descending ? low : high;
    const sources = classes.map(({ id }) => (row: EventRow | undefined, most: number) => {
      const { at, place } = row ?? mark;
      return page.all(id, at, place, end, most) as EventRow[];
    });
    const sign = descending ? -1 : 1;
    const rows = mergeOrdered(sources, items + 1, (a, b) => sign * (a.at - b.at || a.place - b.place));
    const found = rows.slice(0, items).map(({ ref, seq, place, at }) => ({
      ...{ msp: filter.msp, ref, seq },
      ...{ place: placeOf(place), mark: { at, place } },
    }));
    return { items: found, total, more: rows.length > items };
  }

  /** Where an event stands on the channel. */
  placeOf(msp: Msp, ref: ConsentRef, seq: number): Place | undefined {
    const row = this.#statements.place.get(ref, seq, msp) as { place: number } | undefined;
    return row && placeOf(row.place);
  }

  /** Commitments to cohorts, in the channel's order. */
  joins(filter: JoinFilter, after: number | undefined, items: number): JoinsFound {
    const { study, round, msp, root, policyVersion: policy_version } = filter;
    const asked = Object.entries({ study, round, msp, root, policy_version }).filter(
      ([, value]) => value !== undefined,
    );
    const where = asked.map(([column]) => `${column} = ?`);
    const values = asked.map(([, value]) => value as string | number);
    const all = where.length === 0 ? '' : `WHERE ${where.join(' AND ')}`;
    const { total } = this.#database.prepare(`SELECT count(*) AS total FROM cohort_join ${all}`).get(...values) as {
      total: number;
    };
    const rows = this.#database
      .prepare(
        `SELECT study, round, msp, place FROM cohort_join WHERE ${[...where, 'place > ?'].join(' AND ')}
         ORDER BY place LIMIT ?`,
      )
      .all(...values, after ?? FIRST_PLACE, items + 1) as JoinRow[];
    return { items: rows.slice(0, items).map(joinFound), total, more: rows.length > items };
  }

  /**
   * The first cohort that a hospital committed after this place on the channel, or, of what stands there not yet, after this
   * instant; of a study, where one is named.
   */
  firstJoinAfter(msp: Msp, after: JoinsAfter, study?: StudyId): JoinFound | undefined {
    const { one, oneOfStudy, value } = this.#afterOf(after);
    const row = study === undefined ? one.get(msp, value) : oneOfStudy.get(msp, value, study);
    return row ? joinFound(row as JoinRow) : undefined;
  }

  /** The first one of each study, by the study's id, beginning after `afterStudy`. */
  firstJoinsAfter(msp: Msp, after: JoinsAfter, afterStudy: string, items: number): JoinsFound {
    const { ofEach, studies, value } = this.#afterOf(after);
    const rows = ofEach.all(msp, value, afterStudy, items + 1) as JoinRow[];
    const { total } = studies.get(msp, value) as { total: number };
    return { items: rows.slice(0, items).map(joinFound), total, more: rows.length > items };
  }

  #afterOf(after: JoinsAfter) {
    return 'place' in after
      ? { ...this.#joinsAfter.place, value: placeNumber(after.place) }
      : { ...this.#joinsAfter.time, value: after.at };
  }

  #classes(filter: EventFilter): ClassRow[] {
    const { msp, kinds, reasons, roles, actor, policyVersion, restricts } = filter;
    return (this.#statements.classes.all(msp) as ClassRow[]).filter(
      (row) =>
        (kinds === undefined || kinds.includes(row.kind)) &&
        (reasons === undefined || reasons.includes(row.reason)) &&
        (roles === undefined || roles.includes(row.role)) &&
        (actor === undefined || actor === row.actor) &&
        (policyVersion === undefined || policyVersion === row.policy_version) &&
        (restricts === undefined || restricts === (row.restricts === 1)),
    );
  }

  #range(axis: EventAxis, descending: boolean) {
    const column = AXES[axis];
    const index = `consent_event_${axis}`;
    const [beyond, within, order] = descending ? ['<', '>=', 'DESC'] : ['>', '<', 'ASC'];
    return {
      page: this.#database.prepare(
        `SELECT place, ref, seq, ${column} AS at FROM consent_event INDEXED BY ${index}
         WHERE class = ?1 AND ${column} ${beyond}= ?2 AND (${column} ${beyond} ?2 OR place ${beyond} ?3) AND ${column} ${within} ?4
         ORDER BY ${column} ${order}, place ${order} LIMIT ?5`,
      ),
      count: this.#database.prepare(
        `SELECT count(*) AS events FROM consent_event INDEXED BY ${index}
         WHERE class = ?1 AND ${column} >= ?2 AND ${column} < ?3`,
      ),
    };
  }
}

/** Joins of one hospital stand in the channel's order by time too: of a study, the first by place is the first by time. */
function joinsAfter(database: Database, after: string, order: string) {
  const columns = 'SELECT study, round, msp, place FROM cohort_join';
  return {
    one: database.prepare(`${columns} WHERE msp = ?1 AND ${after} ORDER BY ${order} LIMIT 1`),
    oneOfStudy: database.prepare(`${columns} WHERE msp = ?1 AND ${after} AND study = ?3 ORDER BY ${order} LIMIT 1`),
    ofEach: database.prepare(
      `${columns} WHERE place IN (
         SELECT min(place) FROM cohort_join WHERE msp = ?1 AND ${after} AND study > ?3 GROUP BY study ORDER BY study LIMIT ?4
       ) ORDER BY study`,
    ),
    studies: database.prepare(`SELECT count(DISTINCT study) AS total FROM cohort_join WHERE msp = ?1 AND ${after}`),
  };
}

function joinFound({ place, ...row }: JoinRow): JoinFound {
  return { ...row, place: placeOf(place), mark: place };
}
