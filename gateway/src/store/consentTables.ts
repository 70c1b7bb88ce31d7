/**
 * Tables that answer a compliance officer's questions over a million consent events: what is filtered and sorted by, and
 * where on the channel it stands. The records themselves stay in the mirror, once.
 */

/** More writes than a block can hold: a place is block and position in one number. */
export const BLOCK_WRITES_MAX = 1_000_000;

/**
 * Events that are alike in all that is filtered by share a class: there are few. What is asked for is then a set of
 * classes, and each class is an index range, in order of either axis of time.
 */
export const CONSENT_TABLES = `
  DROP TABLE IF EXISTS consent_class;
  DROP TABLE IF EXISTS consent_event;
  DROP TABLE IF EXISTS cohort_join;
  CREATE TABLE consent_class (
    id INTEGER PRIMARY KEY, msp TEXT NOT NULL, kind TEXT NOT NULL, reason TEXT NOT NULL, policy_version INTEGER NOT NULL,
    actor TEXT NOT NULL, role TEXT NOT NULL, restricts INTEGER NOT NULL, events INTEGER NOT NULL,
    UNIQUE (msp, kind, reason, policy_version, actor, role, restricts)
  );
  CREATE TABLE consent_event (
    place INTEGER PRIMARY KEY, class INTEGER NOT NULL, ref TEXT NOT NULL, seq INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL, effective_from INTEGER NOT NULL
  );
  CREATE INDEX consent_event_recorded ON consent_event (class, recorded_at);
  CREATE INDEX consent_event_effective ON consent_event (class, effective_from);
  CREATE INDEX consent_event_ref ON consent_event (ref, seq);
  CREATE TABLE cohort_join (
    place INTEGER PRIMARY KEY, study TEXT NOT NULL, round INTEGER NOT NULL, msp TEXT NOT NULL, root TEXT NOT NULL,
    policy_version INTEGER NOT NULL, joined_at INTEGER NOT NULL
  );
  CREATE INDEX cohort_join_study ON cohort_join (study, round);
  CREATE INDEX cohort_join_msp ON cohort_join (msp, policy_version);
  CREATE INDEX cohort_join_time ON cohort_join (msp, joined_at);
  CREATE INDEX cohort_join_root ON cohort_join (root);`;

export const FORGET_CONSENTS = 'DELETE FROM consent_class; DELETE FROM consent_event; DELETE FROM cohort_join;';

export type Place = Readonly<{ block: number; position: number }>;

export function placeNumber({ block, position }: Place): number {
  if (position >= BLOCK_WRITES_MAX) throw new RangeError(`a block of more than ${BLOCK_WRITES_MAX} writes`);
  return block * BLOCK_WRITES_MAX + position;
}

export function placeOf(number: number): Place {
  return { block: Math.floor(number / BLOCK_WRITES_MAX), position: number % BLOCK_WRITES_MAX };
}
