/** Hears what the channel says of this hospital's own records: something may come to less that this store did not record. */
import { type ConsentPolicy, type ConsentRef, keyRange, type Msp, Tombstone } from '@consilium/domain';
import type { Database } from '@consilium/sqlite';
import type { ConsentLedger } from './consentPorts.js';
import type { Erasures } from './erasures.js';
import type { Restrictions } from './restrictions.js';
import type { Standings } from './standings.js';

type Parts = Readonly<{
  database: Database;
  ledger: ConsentLedger;
  msp: Msp;
  standings: Standings;
  restrictions: Restrictions;
  erasures: Erasures;
  /** A batch's root came that may be another's. */
  onRoot(): void;
}>;

export class LedgerEars {
  readonly #parts: Parts;
  readonly #known;
  readonly #stop: () => void;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#known = parts.database.prepare('SELECT 1 FROM event WHERE ref = ? AND seq = ?');
    this.#stop = parts.ledger.onTransactions((transactions) => {
      for (const { writes } of transactions) for (const { key, value } of writes) this.#hear(key, value);
    });
  }

  close(): void {
    this.#stop();
  }

  /** Tombstones of records that are here all the same: a copy of an older database was put in place. */
  adoptTombstones(): void {
    const { ledger, msp, erasures } = this.#parts;
    const { start, end } = keyRange('tombstone', msp);
    for (const { value } of ledger.range(start, end)) erasures.adopt(Tombstone.parse(value));
  }

  #hear(key: string, value: unknown): void {
    const { msp, standings, restrictions, erasures, onRoot } = this.#parts;
    const [noun, owner, part, seq] = key.split('~');
    if (owner !== msp) return;
    if (noun === 'consent' && !this.#known.get(part as string, Number(seq))) {
      standings.forget(part as ConsentRef);
      restrictions.tell([part as ConsentRef]);
    }
    if (noun === 'tombstone') {
      standings.forget(part as ConsentRef);
      restrictions.tell([part as ConsentRef]);
      erasures.adopt(Tombstone.parse(value));
    }
    if (noun === 'policy' && part !== undefined && (value as ConsentPolicy).restricts) restrictions.tell(undefined);
    if (noun === 'consentroot') onRoot();
  }
}
