/** How long a consent's own terms let it stand. */
import type { ConsentContent, ConsentTerm } from './consent.js';
import { DUO } from './duo.js';
import type { Instant } from './ids.js';
import { monthsAfter } from './useRestrictions.js';

/** The first instant at which it allows nothing any more by its own words: its validity, or a limit in months. Undefined: none. */
export function consentEndsAt({
  validFrom,
  validTo,
  effectiveFrom,
  terms,
}: Pick<ConsentContent, 'validFrom' | 'validTo' | 'effectiveFrom'> & Readonly<{ terms: readonly ConsentTerm[] }>):
  | Instant
  | undefined {
  const months = terms
    .flatMap(({ code, values }) => (code === DUO.TS ? values : []))
    .filter((text) => /^\d+$/.test(text));
  const limits = months.map((text) => monthsAfter(validFrom ?? effectiveFrom, Number(text)));
  const ends = [...limits, ...(validTo === null ? [] : [validTo])];
  return ends.length > 0 ? Math.min(...ends) : undefined;
}
