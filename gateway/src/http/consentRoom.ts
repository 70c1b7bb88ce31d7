/** What the routes of consents work with: the store, the read model, and the log of who reads. */
import type { LedgerPlace } from '@consilium/client/resources';
import { type ConsentRef, type Instant, type Msp, refusal } from '@consilium/domain';
import type { Response } from 'express';
import { personOf } from './authentication.js';
import type { By, ConsentOffice, ConsentReadings, ReadKind } from './consentOffice.js';
import type { Records } from './records.js';
import type { RouteParts } from './routes/routeParts.js';

/** Characters of a question in the log of reads. */
const QUERY_CHARACTERS_MAX = 500;

export class ConsentRoom {
  readonly #office: ConsentOffice | undefined;
  readonly readings: ConsentReadings;
  readonly records: Records;
  readonly msp: Msp;
  readonly #now: () => number;

  constructor({ consents, consentReadings, records, hospital, clock }: RouteParts) {
    this.#office = consents;
    this.readings = consentReadings;
    this.records = records;
    this.msp = hospital.msp;
    this.#now = () => clock.now();
  }

  /** @throws ConsiliumError CONSENT_NOT_CONFIGURED */
  get office(): ConsentOffice {
    if (!this.#office) throw refusal('CONSENT_NOT_CONFIGURED', {});
    return this.#office;
  }

  height(): number {
    return this.records.height();
  }

  now(): Instant {
    return this.#now() as Instant;
  }

  /**
   * Writes down who reads what, before it is answered: a read that cannot be logged is not given.
   * @param query what was asked, without any patient number
   */
  logRead(response: Response, kind: ReadKind, ref?: ConsentRef, query?: string): void {
    this.office.logRead({ by: byOf(response), kind, ref, query: query?.slice(0, QUERY_CHARACTERS_MAX) });
  }
}

/** Where a record of the channel stands. */
export function ledgerPlace(
  { block, transactionId }: Readonly<{ block: number; transactionId: string }>,
  position: number | undefined,
): LedgerPlace {
  return { block, transactionId, position: position ?? 0 };
}

/** The person who asks, as the store writes it down. */
export function byOf(response: Response): By {
  const { name, role } = personOf(response);
  return { name, role };
}

/** Without members that are undefined: absent and undefined are two things to whoever is asked. */
export function defined<Values extends Readonly<Record<string, unknown>>>(
  values: Values,
): { [Name in keyof Values]?: Exclude<Values[Name], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;
}
