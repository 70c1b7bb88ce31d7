/** Disclosures of a patient's data to others, as they were told to the hospital: for the accounting that patients may ask for. */
import type { ConsentRef } from '@consilium/domain';
import type { Database } from '@consilium/sqlite';
import type { Asked, By, Disclosure, KeptDisclosure, Page } from './consentTypes.js';
import { pageCursor } from './pageCursor.js';
import type { PatientRecord } from './patientRecords.js';
import { seal, unseal } from './sealing.js';

type Row = { id: number; at: number; body: Uint8Array };

export class Disclosures {
  readonly #statements;

  constructor(database: Database) {
    this.#statements = {
      add: database.prepare('INSERT INTO disclosure (ref, at, body) VALUES (?, ?, ?) RETURNING id'),
      page: database.prepare('SELECT id, at, body FROM disclosure WHERE ref = ? AND id > ? ORDER BY id LIMIT ?'),
      total: database.prepare('SELECT count(*) AS total FROM disclosure WHERE ref = ?'),
      remove: database.prepare('DELETE FROM disclosure WHERE ref = ?'),
    };
  }

  /** Sealed with the record's own key: an erasure destroys it. */
  add(record: PatientRecord, { patient, ...said }: Disclosure, by: By): number {
    const body = JSON.stringify({ ...said, by: { name: by.name, role: by.role ?? null } });
    const sealed = seal(record.key, disclosurePlace(record.ref, said.at), body);
    return (this.#statements.add.get(record.ref, said.at, sealed) as { id: number }).id;
  }

  page(record: PatientRecord, { cursor, items }: Asked): Page<KeptDisclosure> {
    const { ref } = record;
    const rows = this.#statements.page.all(ref, pageCursor(cursor), items + 1) as Row[];
    const shown = rows.slice(0, items).map(({ id, at, body }): KeptDisclosure => {
      const said = JSON.parse(unseal(record.key, disclosurePlace(ref, at), body).toString('utf8'));
      return { id, ref, recipientAddress: null, description: null, ...said };
    });
    const { total } = this.#statements.total.get(ref) as { total: number };
    return { items: shown, cursor: rows.length > items ? String(shown.at(-1)?.id) : null, total };
  }

  destroy(ref: ConsentRef): void {
    this.#statements.remove.run(ref);
  }
}

function disclosurePlace(ref: ConsentRef, at: number) {
  return { table: 'disclosure', key: `${ref}/${at}` };
}
