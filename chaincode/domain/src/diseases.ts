/** Diseases of a study against those that a consent names. */
import type { DiseaseTerm } from './studyConsent.js';

/**
 * Whether each disease of the study is one that is named, or a kind of it. The closure of ancestors comes with the
 * protocol, so no ontology is looked up. A study of no disease in particular is of none that is named.
 */
export function areNamed(diseases: readonly DiseaseTerm[], named: ReadonlySet<string>): boolean {
  if (diseases.length === 0) return false;
  return diseases.every(({ id, ancestors }) => named.has(id) || ancestors.some((ancestor) => named.has(ancestor)));
}
