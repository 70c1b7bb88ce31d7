/** Terms of a consent in words for patients: no code, no jargon. */
import { type ConsentTerm, DUO, duoEntry } from '@consilium/domain';

type Words = (values: string, list: readonly string[]) => string;

const COUNTRIES = new Intl.DisplayNames('en', { type: 'region', fallback: 'code' });

/** ISO 3166 codes by the countries' names; anything else as it is. */
function countries(codes: readonly string[]): string {
  return codes.map((code) => (/^[A-Z]{2}$/.test(code) ? (COUNTRIES.of(code) ?? code) : code)).join(', ');
}

const TERMS: Readonly<Record<string, Words>> = {
  [DUO.NRES]: () => 'any use in research',
  [DUO.GRU]: () => 'any research',
  [DUO.HMB]: () => 'research on health, medicine and biology',
  [DUO.DS]: (values) => `research on certain diseases only, by their codes: ${values}`,
  [DUO.POA]: () => 'research on where people come from',
  [DUO.RS]: (values) => `only these kinds of research: ${values}`,
  [DUO.NMDS]: () => 'not for developing methods or software as such',
  [DUO.GSO]: () => 'for genetic studies only',
  [DUO.NPUNCU]: () => 'only by organisations that are not for profit, and not for commercial use',
  [DUO.PUB]: () => 'only where the results are published',
  [DUO.COL]: () => 'only together with the researchers who collected the data',
  [DUO.IRB]: () => 'only where an ethics board approved the study',
  [DUO.GS]: (values, codes) => `only in these countries: ${countries(codes) || values}`,
  [DUO.MOR]: (values) => `results are not published before ${values}`,
  [DUO.TS]: (values) => `for ${values} months`,
  [DUO.US]: (values) => `only by these people: ${values}`,
  [DUO.PS]: (values) => `only for these projects: ${values}`,
  [DUO.IS]: (values) => `only by these institutions: ${values}`,
  [DUO.RTN]: () => 'only where what is found is given back to the hospital',
  [DUO.CC]: () => 'also for clinical care',
  [DUO.NPOA]: () => 'not for research on where people come from',
  [DUO.NPU]: () => 'only by organisations that are not for profit',
  [DUO.NCU]: () => 'not for commercial use',
};

/** A code without words of its own is named with what its vocabulary calls it, or as it is: it is never left out. */
export function termInWords({ code, values }: ConsentTerm): string {
  const words = Object.hasOwn(TERMS, code) ? TERMS[code] : undefined;
  if (words) return words(values.join(', ') || 'none named', values);
  const label = duoEntry(code)?.label ?? code;
  return values.length > 0 ? `${label}: ${values.join(', ')}` : label;
}

/** All terms of a consent, the broad permission first. */
export function termsInWords(terms: readonly ConsentTerm[]): string[] {
  const permissions = terms.filter(({ code }) => duoEntry(code)?.kind === 'permission');
  return [...permissions, ...terms.filter((term) => !permissions.includes(term))].map(termInWords);
}
