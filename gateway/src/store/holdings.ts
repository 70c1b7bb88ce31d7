/** Which study the bytes on this hospital's disk belong to: only that study's members may have them. */
import type { Digest, StudyId } from '@consilium/domain';
import type { Database } from '@consilium/sqlite';

/**
 * What this hospital itself signed, or accepted from a member, ties bytes to a study. What others recorded on the channel
 * counts only where nothing of that kind does: else a study's majority could name another study's digest and be served it.
 */
export class Holdings {
  readonly #add;
  readonly #tied;
  readonly #recorded;

  constructor(database: Database) {
    this.#add = database.prepare('INSERT OR IGNORE INTO accepted_vector (digest, study) VALUES (?, ?)');
    this.#tied = database.prepare(
      'SELECT study FROM accepted_vector WHERE digest = ?1 UNION SELECT study FROM named_digest WHERE digest = ?1 AND own = 1',
    );
    this.#recorded = database.prepare('SELECT study FROM named_digest WHERE digest = ? AND own = 0');
  }

  /** Notes that a member's vector was accepted in a study. */
  accept(digest: Digest, study: StudyId): void {
    this.#add.run(digest, study);
  }

  studiesOf(digest: Digest): StudyId[] {
    const tied = this.#tied.all(digest) as { study: StudyId }[];
    const rows = tied.length > 0 ? tied : (this.#recorded.all(digest) as { study: StudyId }[]);
    return rows.map(({ study }) => study);
  }
}
